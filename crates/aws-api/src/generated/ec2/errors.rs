// Made by `cargo xtask codegen` from the public service model. Do not edit.
