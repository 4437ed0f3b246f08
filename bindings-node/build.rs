//! Link arguments, and a rebuild when the folder for type definitions changes: the derive
//! writes them while it compiles.

fn main() {
    println!("cargo::rerun-if-env-changed=NAPI_TYPE_DEF_TMP_FOLDER");
    napi_build::setup();
}
