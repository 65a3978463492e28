use std::process::ExitCode;

fn main() -> ExitCode {
    langbao::cli::run(std::env::args_os())
}
