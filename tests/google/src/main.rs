//! The fake as a program: prints one line of JSON when it listens, and ends when its standard
//! input does.
//!
//! Arguments are settings: `--port 8080`, `--seed 7`, `--virtual` (the clock stands still until
//! it is moved), `--start MILLIS`, `--pull` (pushes wait to be taken), `--limits off|old|new`.

use std::io::{Read, Write};

use besunny_fake_google::{Client, FakeGoogle, PushMode, Settings};

fn settings(arguments: impl Iterator<Item = String>) -> Result<Settings, String> {
    let mut settings = Settings { start: None, push: PushMode::Post, ..Settings::default() };
    let mut arguments = arguments.skip(1);
    while let Some(argument) = arguments.next() {
        let mut value = || arguments.next().ok_or_else(|| format!("{argument} needs a value"));
        let bad = |error: &dyn std::fmt::Display| format!("{argument}: {error}");
        match argument.as_str() {
            "--port" => settings.port = value()?.parse().map_err(|error| bad(&error))?,
            "--seed" => settings.seed = value()?.parse().map_err(|error| bad(&error))?,
            "--start" => settings.start = Some(value()?.parse().map_err(|error| bad(&error))?),
            "--virtual" => settings.start = settings.start.or(Settings::default().start),
            "--pull" => settings.push = PushMode::Pull,
            "--limits" => {
                settings.limits = serde_json::from_value(value()?.into()).map_err(|error| bad(&error))?;
            }
            _ => return Err(format!("unknown argument {argument}")),
        }
    }
    Ok(settings)
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let google = FakeGoogle::try_start(settings(std::env::args())?)?;
    let client = Client::standard();
    let line = serde_json::json!({
        "base_url": google.base_url(),
        "client_id": client.client_id,
        "client_secret": client.client_secret,
        "project": client.project,
    });
    let mut out = std::io::stdout().lock();
    writeln!(out, "{line}")?;
    out.flush()?;
    // Whoever started it closes this, or is gone.
    std::io::stdin().lock().read_to_end(&mut Vec::new())?;
    Ok(())
}
