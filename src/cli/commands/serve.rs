//! `lastly serve`

use tokio::net::TcpListener;

use crate::cli::args;
use crate::cli::error::CliError;
use crate::cli::invocation::Invocation;
use crate::cli::status::Status;
use crate::error::Result;
use crate::serve::serve;

/// Serves the site until Ctrl-C, which is how it is meant to end.
///
/// # Errors
/// Nothing can be listened on.
pub(crate) async fn run(args: &args::Serve, invocation: &Invocation<'_>) -> Result<Status> {
    let settings = invocation.settings(&invocation.global.flags())?;
    let site = invocation.site(&settings).await;
    let host = if args.host.contains(':') { format!("[{}]", args.host) } else { args.host.clone() };
    let address = format!("{host}:{}", args.port);
    let failed = |source| CliError::Listen { address: address.clone(), source };
    let listener = TcpListener::bind(&address).await.map_err(failed)?;
    let port = listener.local_addr().map_err(failed)?.port();
    let url = format!("http://{host}:{port}/");
    invocation.output.serving(&settings.store.to_string(), &url).map_err(CliError::Output)?;
    let stop = async {
        let _ = tokio::signal::ctrl_c().await;
    };
    serve(&*site.store, &site.layout, listener, stop, &*site.report).await.map_err(failed)?;
    Ok(Status::DONE)
}
