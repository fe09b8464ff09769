//! What the user says about the network.

use std::collections::HashMap;
use std::net::IpAddr;

use crate::local::NetworkOptions;
use crate::policy::endpoint::Endpoint;

/// Which hosts a guest reaches, beside what its manifest says.
#[derive(clap::Args)]
#[command(next_help_heading = "Network")]
pub(super) struct NetworkArgs {
    /// Let guests reach this endpoint although its address is local; may be repeated
    #[arg(long, value_name = "HOST:PORT")]
    allow_local: Vec<Endpoint>,
    /// Let guests reach nothing at all
    #[arg(long)]
    offline: bool,
    /// Take this address for a name; may be repeated
    #[arg(long, value_name = "NAME=ADDR", value_parser = address_of)]
    resolve: Vec<(String, IpAddr)>,
}

impl NetworkArgs {
    pub(super) fn options(&self) -> NetworkOptions {
        let mut names: HashMap<String, Vec<IpAddr>> = HashMap::new();
        for (name, address) in &self.resolve {
            names.entry(name.to_ascii_lowercase()).or_default().push(*address);
        }
        NetworkOptions { allow_local: self.allow_local.clone(), offline: self.offline, names }
    }
}

fn address_of(text: &str) -> Result<(String, IpAddr), String> {
    let (name, address) = text.split_once('=').ok_or("it is not of the form NAME=ADDR")?;
    if name.is_empty() {
        return Err("the name is empty".to_owned());
    }
    let address = address.parse().map_err(|_| format!("{address:?} is no IP address"))?;
    Ok((name.to_owned(), address))
}
