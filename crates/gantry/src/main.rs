//! ECS, EKS, Fargate and ECR on machines you own: one binary, a role per subcommand.

mod cli;
mod client;
mod datadir;
mod demo;
mod peers;
mod server;

use std::process::ExitCode;

use clap::Parser as _;

fn main() -> ExitCode {
    // Shims are single-threaded and small: they must not come near the runtime that servers have.
    if let Some(code) = cli::shim::main_if_asked() {
        return code;
    }
    match cli::run(cli::Args::parse()) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("gantry: {error:#}");
            ExitCode::FAILURE
        }
    }
}
