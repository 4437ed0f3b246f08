//! Finds the programs, and a user to run them as.

use std::path::{Path, PathBuf};
use std::process::Command;

const ADVICE: &str =
    "tests need the Postgres server programs and pgbouncer; on Debian: apt-get install postgresql pgbouncer";

/// The folder with `initdb` and `postgres`.
pub(crate) fn server() -> Result<PathBuf, String> {
    let mut folders = Vec::new();
    if let Ok(told) = Command::new("pg_config").arg("--bindir").output() {
        folders.push(PathBuf::from(String::from_utf8_lossy(&told.stdout).trim()));
    }
    let mut versions: Vec<(u32, PathBuf)> = std::fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|entry| Some((entry.file_name().to_str()?.parse().ok()?, entry.path().join("bin"))))
        .collect();
    versions.sort_by(|a, b| b.cmp(a));
    folders.extend(versions.into_iter().map(|(_, folder)| folder));
    folders.extend(search_path());
    let has_all =
        |folder: &PathBuf| ["initdb", "postgres"].iter().all(|program| folder.join(program).is_file());
    folders.into_iter().find(has_all).ok_or_else(|| format!("no Postgres server found: {ADVICE}"))
}

/// The program `pgbouncer`.
pub(crate) fn pooler() -> Result<PathBuf, String> {
    let mut folders = search_path();
    folders.extend(["/usr/sbin", "/usr/local/sbin"].map(PathBuf::from));
    let program =
        folders.into_iter().map(|folder| folder.join("pgbouncer")).find(|program| program.is_file());
    program.ok_or_else(|| format!("no pgbouncer found: {ADVICE}"))
}

fn search_path() -> Vec<PathBuf> {
    std::env::var_os("PATH").map(|path| std::env::split_paths(&path).collect()).unwrap_or_default()
}

fn number(of: &str, user: &str) -> Option<u32> {
    let told = Command::new("id").args([of, user]).output().ok()?;
    String::from_utf8_lossy(&told.stdout).trim().parse().ok()
}

/// Begins a command that does not run as root, because Postgres refuses that, and gives the
/// folder to whoever runs it.
pub(crate) fn unprivileged(folder: &Path) -> Result<Command, String> {
    let me = Command::new("id").arg("-u").output().map_err(|error| format!("id: {error}"))?;
    if String::from_utf8_lossy(&me.stdout).trim() != "0" {
        return Ok(Command::new("env"));
    }
    let found =
        ["postgres", "nobody"].iter().find_map(|name| Some((number("-u", name)?, number("-g", name)?)));
    let (user, group) =
        found.ok_or("Postgres does not run as root, and there is no user `postgres` or `nobody`")?;
    let mut given = vec![folder.to_owned()];
    given.extend(std::fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path()));
    for path in given {
        std::os::unix::fs::chown(&path, Some(user), Some(group))
            .map_err(|error| format!("{}: {error}", path.display()))?;
    }
    let mut command = Command::new("setpriv");
    command.args([format!("--reuid={user}"), format!("--regid={group}"), "--clear-groups".to_owned()]);
    Ok(command)
}
