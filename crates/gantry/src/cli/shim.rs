//! `gantry shim DIR`: the process that holds one sandbox. Not for people.

use std::path::Path;
use std::process::ExitCode;

/// Runs the shim if that is what this process was started for, before anything else is set up.
pub fn main_if_asked() -> Option<ExitCode> {
    let mut args = std::env::args_os().skip(1);
    if args.next()? != "shim" {
        return None;
    }
    let directory = args.next()?;
    let code = gantry_engine::shim::main(Path::new(&directory));
    Some(ExitCode::from(u8::try_from(code).unwrap_or(1)))
}
