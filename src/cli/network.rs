//! What the user says about the network.

use std::collections::HashMap;
use std::fs::File;
use std::io::Read;
use std::net::IpAddr;
use std::path::{Path, PathBuf};

use rustls::RootCertStore;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;

use super::exit::Exit;
use super::failure::Failure;
use crate::limits::CA_FILE_BYTES_MAX;
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
    /// Believe the certificate authorities in this PEM file too, over HTTPS
    #[arg(long, value_name = "FILE")]
    ca_file: Option<PathBuf>,
}

impl NetworkArgs {
    pub(super) fn options(&self) -> Result<NetworkOptions, Failure> {
        let mut names: HashMap<String, Vec<IpAddr>> = HashMap::new();
        for (name, address) in &self.resolve {
            names.entry(name.to_ascii_lowercase()).or_default().push(*address);
        }
        Ok(NetworkOptions {
            allow_local: self.allow_local.clone(),
            offline: self.offline,
            names,
            authorities: self.ca_file.as_deref().map_or(Ok(Vec::new()), authorities)?,
            dialer: None,
            servers: None,
        })
    }
}

/// The certificates in a file, at least one, and each of them one that can be believed.
fn authorities(path: &Path) -> Result<Vec<CertificateDer<'static>>, Failure> {
    let shown = path.display();
    let wrong = |text: String| {
        Failure::new(Exit::Environment, "ca-file", format!("cannot use {shown}")).cause(text)
    };
    let mut text = Vec::new();
    File::open(path)
        .and_then(|file| file.take(CA_FILE_BYTES_MAX + 1).read_to_end(&mut text))
        .map_err(|error| Failure::environment(format!("cannot read {shown}"), &error))?;
    if text.len() as u64 > CA_FILE_BYTES_MAX {
        return Err(wrong(format!("it is larger than {CA_FILE_BYTES_MAX} bytes")));
    }
    let read: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&text).collect();
    let found = read.map_err(|error| wrong(format!("it is no PEM file: {error}")))?;
    if found.is_empty() {
        return Err(wrong("there is no certificate in it".to_owned()));
    }
    for (index, certificate) in found.iter().enumerate() {
        let added = RootCertStore::empty().add(certificate.clone());
        added.map_err(|error| wrong(format!("certificate {}: {error}", index + 1)))?;
    }
    Ok(found)
}

fn address_of(text: &str) -> Result<(String, IpAddr), String> {
    let (name, address) = text.split_once('=').ok_or("it is not of the form NAME=ADDR")?;
    if name.is_empty() {
        return Err("the name is empty".to_owned());
    }
    let address = address.parse().map_err(|_| format!("{address:?} is no IP address"))?;
    Ok((name.to_owned(), address))
}
