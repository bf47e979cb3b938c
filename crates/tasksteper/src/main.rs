//! The binary: command line, configuration, wiring, the clock and the source of chance.
//!
//! To add a command: describe it in `cli.rs`, do it in a module of `commands/`, which parses nothing and calls `app`.

mod cli;
mod commands;
mod surroundings;

use std::process::ExitCode;

use clap::Parser;

/// Memory that is given back, and quicker than the system's allocator under many threads.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let cli = cli::Cli::parse();
    match commands::run(cli.command) {
        Ok(()) => ExitCode::SUCCESS,
        Err(refusal) => {
            commands::tell(&refusal);
            ExitCode::from(refusal.status())
        }
    }
}
