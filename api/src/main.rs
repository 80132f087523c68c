//! The `custody` program. Everything it does is in the library.

use std::process::ExitCode;

fn main() -> ExitCode {
    custody_api::command::run(std::env::args_os())
}
