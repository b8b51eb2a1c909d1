//! The engine's shim as a program of its own, for the crate's tests.

fn main() {
    let dir = std::env::args_os().nth(1).unwrap_or_default();
    std::process::exit(gantry_engine::shim::main(std::path::Path::new(&dir)));
}
