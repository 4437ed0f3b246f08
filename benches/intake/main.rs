//! What taking in a mailbox costs, and how much of it is the model: the same folder of
//! `.eml` files without a model and with one, in CPU seconds of the whole process.
//!
//! `bench-intake FOLDER`, model from `BESUNNY_MODEL`; reads CPU time from `/proc` (Linux).

use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};

use besunny::{IntakeReport, LoadOptions, OpenOptions, Workspace};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let folder = PathBuf::from(std::env::args().nth(1).ok_or("usage: bench-intake FOLDER")?);
    let mut without = OpenOptions::default();
    without.model = Some(PathBuf::new());
    let (report, rest) = load(&folder, without).await?;
    println!(
        "{} mails, {} stored, {} unchanged, {} refused",
        report.total, report.stored, report.unchanged, report.refused
    );
    println!("without a model: {rest:.2} s of CPU");
    let (_, all) = load(&folder, OpenOptions::default()).await?;
    println!("with the model:  {all:.2} s of CPU, of which the model {:.1} %", 100.0 * (all - rest) / all);
    Ok(())
}

async fn load(folder: &Path, options: OpenOptions) -> Result<(IntakeReport, f64), Box<dyn Error>> {
    let temporary = tempfile::tempdir()?;
    let workspace = Workspace::open(temporary.path(), options).await?;
    workspace.users().create("bench", None).await?;
    let me = workspace.user("bench").await?;
    let before = cpu_seconds()?;
    let report = me.mail().ingest_folder(folder, LoadOptions::default()).await?;
    let spent = cpu_seconds()? - before;
    workspace.close().await?;
    Ok((report, spent))
}

/// User and system time of this process so far; a clock tick is 1/100 s on Linux.
fn cpu_seconds() -> Result<f64, Box<dyn Error>> {
    let stat = fs::read_to_string("/proc/self/stat")?;
    // The second field is the program's name in parentheses and can hold anything.
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
    let ticks =
        |place: usize| -> Result<f64, Box<dyn Error>> { Ok(fields.get(place).ok_or("short stat")?.parse()?) };
    Ok((ticks(11)? + ticks(12)?) / 100.0)
}
