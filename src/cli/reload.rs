//! `langbao reload`: the daemon reads its configuration again.

use std::io::Write;

use super::{Exit, Failure, Global, connect, runtime, say};
use crate::admin::{Reply, Request};

pub fn run(global: &Global, yes: bool) -> Result<Exit, Failure> {
    let request = match yes {
        true => Request::ReloadYes,
        false => Request::Reload,
    };
    runtime()?.block_on(reload(global, &request))
}

async fn reload(global: &Global, request: &Request) -> Result<Exit, Failure> {
    let mut client = connect::daemon_whatever_the_file(global).await?;
    client
        .ask(request)
        .await
        .map_err(|err| connect::broken(&err))?;
    let mut exit = Exit::Done;
    loop {
        match client.reply().await.map_err(|err| connect::broken(&err))? {
            Some(Reply::Reloaded { summary, warnings }) => {
                for line in warnings.iter().map(|warning| format!("warning: {warning}")) {
                    let _ = writeln!(std::io::stderr(), "{line}");
                }
                for line in summary {
                    say(format_args!("{line}"));
                }
            }
            Some(Reply::Refused { errors }) => {
                for error in errors {
                    let _ = writeln!(std::io::stderr(), "{error}");
                }
                let _ = writeln!(
                    std::io::stderr(),
                    "langbao: refused; the old configuration stays in force"
                );
                exit = Exit::No;
                return Ok(exit);
            }
            Some(Reply::Done) => return Ok(exit),
            Some(_) => {}
            None => {
                return Err(Failure::new(
                    "the daemon stopped",
                    "look at its log, then ask again",
                ));
            }
        }
    }
}
