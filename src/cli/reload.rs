//! `langbao reload`: the daemon reads its configuration again.

use std::io::Write;

use super::{Exit, Failure, Global, connect, runtime, say};
use crate::admin::{Reply, Request};

pub fn run(global: &Global) -> Result<Exit, Failure> {
    runtime()?.block_on(reload(global))
}

async fn reload(global: &Global) -> Result<Exit, Failure> {
    let mut client = connect::daemon_whatever_the_file(global).await?;
    client
        .ask(&Request::Reload)
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
