//! `lastly serve`

use clap::Args;

/// Serves the site on this machine, with the headers as stored
///
/// It stands where the CDN would stand: nothing takes the place of an object that is missing. Channels other than
/// `live` lie below `/channels/`.
#[derive(Debug, Args)]
#[command(after_help = "\
Example:
  lastly serve --store dir:site --port 8080")]
pub(crate) struct Serve {
    /// The port; 0 for any that is free
    #[arg(long, value_name = "PORT", default_value_t = 8000)]
    pub(crate) port: u16,
    /// The address to listen on
    #[arg(long, value_name = "HOST", default_value = "127.0.0.1")]
    pub(crate) host: String,
}
