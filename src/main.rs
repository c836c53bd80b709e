//! The `seaworthy` program: nothing but the exit code.

use std::process::ExitCode;

fn main() -> ExitCode {
    ExitCode::from(seaworthy::cli::main())
}
