//! A registry, over the distribution protocol: reading, as somebody who is not logged in.
//!
//! What answers is taken at its word for nothing: documents and blobs are bounded here and checked by
//! their digests above. A registry sends readers elsewhere for blobs and tokens. They follow over HTTPS
//! alone and not to local addresses, unless the registry is local itself and it is the same endpoint.

use std::io::Write;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use http::{HeaderMap, Method, Request, Response, StatusCode, header};
use hyper::body::{Body, Incoming};
use hyper_util::rt::TokioIo;
use serde::Deserialize;
use tokio::time::timeout;
use url::Url;

use super::document::accepted;
use super::{OciError, Sha, Store, Which};
use crate::host::http::{open, unconnected};
use crate::host::ports::Network;
use crate::limits::{
    HTTP_BETWEEN_BYTES, HTTP_CONNECT, HTTP_TOTAL, OCI_DOCUMENT_BYTES_MAX, OCI_REDIRECTS_MAX,
};

/// The tag of an artifact that was named by none.
const LATEST: &str = "latest";

/// A registry that did not give what it was asked for.
#[derive(Debug, thiserror::Error)]
pub enum RegistryError {
    /// It could not be reached, or did not speak HTTP.
    #[error("cannot reach {url}: {why}")]
    Unreachable {
        /// What was asked for.
        url: String,
        /// Why.
        why: String,
    },
    /// It answered something else.
    #[error("{url} answered {status}")]
    Status {
        /// What was asked for.
        url: String,
        /// The answer.
        status: u16,
    },
    /// It wants a login.
    #[error("{url} wants a login, and only what everybody may read is read here")]
    Login {
        /// What was asked for.
        url: String,
    },
    /// It sent the reader where nobody is to be sent.
    #[error("{from} leads to {to:?}, which is not followed")]
    Redirect {
        /// What was asked for.
        from: String,
        /// Where it led.
        to: String,
    },
    /// It sent the reader on without end.
    #[error("{url} leads on more than {OCI_REDIRECTS_MAX} times")]
    Redirects {
        /// What was asked for.
        url: String,
    },
    /// The network is switched off.
    #[error("{url} is not asked: --offline")]
    Offline {
        /// What would have been asked for.
        url: String,
    },
}

impl RegistryError {
    fn unreachable(url: &Url, why: impl std::fmt::Display) -> RegistryError {
        RegistryError::Unreachable { url: url.to_string(), why: why.to_string() }
    }
}

/// A repository of a registry.
pub struct Registry {
    network: Arc<Network>,
    runtime: Arc<tokio::runtime::Runtime>,
    repository: Url,
    name: String,
    /// What the registry gave for reading.
    token: Option<String>,
}

impl Registry {
    /// The repository `name` of the registry at `authority`. Nothing is sent yet.
    pub fn new(
        authority: &str,
        name: &str,
        network: Arc<Network>,
    ) -> Result<Registry, RegistryError> {
        let scheme = if is_loopback(authority) { "http" } else { "https" };
        let text = format!("{scheme}://{authority}/v2/{name}/");
        let unusable = |why: String| RegistryError::Unreachable { url: text.clone(), why };
        let repository = Url::parse(&text).map_err(|error| unusable(error.to_string()))?;
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let runtime = Arc::new(runtime.map_err(|error| unusable(error.to_string()))?);
        Ok(Registry { network, runtime, repository, name: name.to_owned(), token: None })
    }

    fn url(&self, rest: &str) -> Url {
        // Tags and digests have no character that would mean anything in a URL.
        self.repository.join(rest).unwrap_or_else(|_| self.repository.clone())
    }

    /// Gets something of the repository, with a token once the registry has asked for one.
    async fn get(&mut self, url: &Url, accept: &str) -> Result<Response<Incoming>, RegistryError> {
        let response = self.follow(url, accept).await?;
        if response.status() != StatusCode::UNAUTHORIZED || self.token.is_some() {
            return judged(url, response);
        }
        let Some(challenge) = Challenge::in_headers(response.headers()) else {
            return judged(url, response);
        };
        self.token = Some(self.ask_for_token(url, &challenge).await?);
        let response = self.follow(url, accept).await?;
        judged(url, response)
    }

    /// Gets a URL, and whatever it leads to.
    async fn follow(&self, url: &Url, accept: &str) -> Result<Response<Incoming>, RegistryError> {
        let mut at = url.clone();
        for _ in 0..=OCI_REDIRECTS_MAX {
            // Who has been led elsewhere shows nothing of what is for the registry.
            let token = self.token.as_deref().filter(|_| self.is_own(&at));
            let response = self.send(&at, accept, token).await?;
            if !response.status().is_redirection() {
                return Ok(response);
            }
            let to = response.headers().get(header::LOCATION);
            let to = to.and_then(|to| to.to_str().ok()).unwrap_or_default().to_owned();
            let next = at.join(&to).ok().filter(|next| self.may_be_followed(next));
            at = next.ok_or_else(|| RegistryError::Redirect { from: at.to_string(), to })?;
        }
        Err(RegistryError::Redirects { url: url.to_string() })
    }

    fn is_own(&self, url: &Url) -> bool {
        url.origin() == self.repository.origin()
    }

    fn may_be_followed(&self, url: &Url) -> bool {
        let is_plain = url.username().is_empty() && url.password().is_none();
        is_plain && url.host().is_some() && (url.scheme() == "https" || self.is_own(url))
    }

    /// One request on a connection of its own.
    async fn send(
        &self,
        url: &Url,
        accept: &str,
        token: Option<&str>,
    ) -> Result<Response<Incoming>, RegistryError> {
        if self.network.offline {
            return Err(RegistryError::Offline { url: url.to_string() });
        }
        let failed = |error: &dyn std::fmt::Display| RegistryError::unreachable(url, error);
        let late = |_| RegistryError::unreachable(url, "it takes too long to answer");
        // The user named the registry; where it leads was named by it.
        let connecting = open(&self.network, url, self.is_own(url));
        let stream = timeout(HTTP_CONNECT, connecting).await.map_err(late)?;
        let stream = stream.map_err(|error| failed(&unconnected(&error)))?;
        let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream))
            .await
            .map_err(|error| failed(&error))?;
        // It ends with the response that it is for.
        tokio::spawn(connection);
        let target = &url[url::Position::BeforePath..url::Position::AfterQuery];
        let host = &url[url::Position::BeforeHost..url::Position::AfterPort];
        let mut request = Request::builder()
            .method(Method::GET)
            .uri(target)
            .header(header::HOST, host)
            .header(header::USER_AGENT, concat!("capsule/", env!("CARGO_PKG_VERSION")))
            .header(header::ACCEPT, accept);
        if let Some(token) = token {
            request = request.header(header::AUTHORIZATION, format!("Bearer {token}"));
        }
        let request = request.body(String::new()).map_err(|error| failed(&error))?;
        let answer = timeout(HTTP_TOTAL, sender.send_request(request)).await.map_err(late)?;
        answer.map_err(|error| failed(&error))
    }

    async fn ask_for_token(
        &self,
        from: &Url,
        challenge: &Challenge,
    ) -> Result<String, RegistryError> {
        let refused = || RegistryError::Redirect {
            from: from.to_string(),
            to: challenge.realm.chars().take(200).collect(),
        };
        let mut url = Url::parse(&challenge.realm).map_err(|_| refused())?;
        if !self.may_be_followed(&url) {
            return Err(refused());
        }
        let scope = format!("repository:{}:pull", self.name);
        url.query_pairs_mut()
            .append_pair("service", challenge.service.as_deref().unwrap_or_default())
            .append_pair("scope", &scope);
        let response = judged(&url, self.follow(&url, "application/json").await?)?;
        let mut text = Vec::new();
        read(&url, response, &mut text, OCI_DOCUMENT_BYTES_MAX).await?;
        let login = || RegistryError::Login { url: from.to_string() };
        let token: Token = serde_json::from_slice(&text).map_err(|_| login())?;
        token.token.or(token.access_token).ok_or_else(login)
    }
}

/// What gives tokens, and what is to be said there.
#[derive(Debug, Default, PartialEq, Eq)]
struct Challenge {
    realm: String,
    service: Option<String>,
}

#[derive(Deserialize)]
struct Token {
    token: Option<String>,
    access_token: Option<String>,
}

impl Challenge {
    /// Out of `WWW-Authenticate: Bearer realm="…",service="…"`.
    fn in_headers(headers: &HeaderMap) -> Option<Challenge> {
        let text = headers.get(header::WWW_AUTHENTICATE)?.to_str().ok()?;
        let (scheme, mut rest) = text.split_once(' ')?;
        if !scheme.eq_ignore_ascii_case("bearer") {
            return None;
        }
        let mut challenge = Challenge::default();
        while let Some((name, behind)) = rest.split_once("=\"") {
            let (value, behind) = behind.split_once('"')?;
            match name.trim_start_matches([',', ' ']) {
                "realm" => challenge.realm = value.to_owned(),
                "service" => challenge.service = Some(value.to_owned()),
                _ => {}
            }
            rest = behind;
        }
        (!challenge.realm.is_empty()).then_some(challenge)
    }
}

/// A response that is what was asked for.
fn judged(url: &Url, response: Response<Incoming>) -> Result<Response<Incoming>, RegistryError> {
    let url = url.to_string();
    match response.status() {
        StatusCode::OK => Ok(response),
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => Err(RegistryError::Login { url }),
        status => Err(RegistryError::Status { url, status: status.as_u16() }),
    }
}

/// Reads a body, at most `limit_bytes` of it and one piece more. Whoever sends nothing for a while is
/// given up.
async fn read(
    url: &Url,
    response: Response<Incoming>,
    into: &mut dyn Write,
    limit_bytes: u64,
) -> Result<(), RegistryError> {
    let failed = |error: &dyn std::fmt::Display| RegistryError::unreachable(url, error);
    let mut body = response.into_body();
    let mut count = 0;
    while count <= limit_bytes {
        let next = std::future::poll_fn(|context| Pin::new(&mut body).poll_frame(context));
        let next = within(HTTP_BETWEEN_BYTES, next).await;
        let Some(frame) = next.ok_or_else(|| failed(&"it stopped in the middle"))? else { break };
        let Ok(data) = frame.map_err(|error| failed(&error))?.into_data() else { continue };
        count += data.len() as u64;
        into.write_all(&data).map_err(|error| failed(&error))?;
    }
    Ok(())
}

async fn within<F: Future>(time: Duration, future: F) -> Option<F::Output> {
    timeout(time, future).await.ok()
}

/// Whether a registry is on this machine, where there is nobody in between and certificates are rare.
fn is_loopback(authority: &str) -> bool {
    let host = match authority.strip_prefix('[') {
        Some(rest) => rest.split(']').next(),
        None => authority.split(':').next(),
    };
    let host = host.unwrap_or_default();
    host == "localhost" || host.parse::<std::net::IpAddr>().is_ok_and(|it| it.is_loopback())
}

impl Store for Registry {
    fn document(&mut self, which: Which<'_>) -> Result<Vec<u8>, OciError> {
        let named = match which {
            Which::Tag(tag) => tag.unwrap_or(LATEST).to_owned(),
            Which::Digest(digest) => digest.to_string(),
        };
        let url = self.url(&format!("manifests/{named}"));
        let mut text = Vec::new();
        let runtime = Arc::clone(&self.runtime);
        let got = runtime.block_on(async {
            let response = self.get(&url, &accepted()).await?;
            read(&url, response, &mut text, OCI_DOCUMENT_BYTES_MAX).await
        });
        match got {
            Ok(()) if text.len() as u64 > OCI_DOCUMENT_BYTES_MAX => {
                let limit_bytes = OCI_DOCUMENT_BYTES_MAX;
                Err(OciError::TooLarge { what: "a document", limit_bytes })
            }
            Ok(()) => Ok(text),
            Err(RegistryError::Status { status: 404, .. }) => {
                Err(OciError::None { wanted: format!("{}:{named}", self.name), known: Vec::new() })
            }
            Err(error) => Err(error.into()),
        }
    }

    fn blob(
        &mut self,
        digest: &Sha,
        into: &mut dyn Write,
        limit_bytes: u64,
    ) -> Result<(), OciError> {
        let url = self.url(&format!("blobs/{digest}"));
        let runtime = Arc::clone(&self.runtime);
        Ok(runtime.block_on(async {
            let response = self.get(&url, "*/*").await?;
            read(&url, response, into, limit_bytes).await
        })?)
    }
}
