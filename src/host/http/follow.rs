//! From a request to the response that a guest gets: sending, and following redirects.

use std::future::poll_fn;

use http::header::{AUTHORIZATION, CONTENT_TYPE, COOKIE, HOST, LOCATION, PROXY_AUTHORIZATION};
use http::{HeaderMap, HeaderName, Method, StatusCode};
use hyper::body::Incoming;
use url::Url;

use super::bindings::new::{KeyValuePair, RedirectPolicy};
use super::connect::is_exempt;
use super::decode::Body;
use super::exchange::{Exchange, Line};
use super::request::Draft;
use super::rules::{Rules, within};
use super::upload::Payload;
use super::wire::Wire;
use super::{ErrorCode, View};

/// A response whose body has not been read.
pub(super) struct Reply {
    pub(super) line: Line,
    pub(super) response: http::Response<Incoming>,
}

/// What a guest gets in the end.
pub(super) struct Answered {
    pub(super) status: StatusCode,
    pub(super) headers: Vec<KeyValuePair>,
    pub(super) body: Body,
    pub(super) url: Url,
    pub(super) redirects: u32,
}

/// A request on its way.
pub(super) struct Trip {
    pub(super) draft: Draft,
    /// Whether its body comes in pieces, which are gone once they are sent.
    pub(super) streamed: bool,
    redirects: u32,
}

impl Trip {
    pub(super) fn new(draft: Draft, streamed: bool) -> Trip {
        Trip { draft, streamed, redirects: 0 }
    }

    /// Where a response leads, with the request changed for it; `None` if it is the answer.
    fn redirected(
        &mut self,
        response: &http::Response<Incoming>,
        rules: &Rules,
        exempt: bool,
    ) -> Result<bool, ErrorCode> {
        let status = response.status();
        let Some(to) = location(status, response.headers(), &self.draft.url)? else {
            return Ok(false);
        };
        match rules.redirect {
            RedirectPolicy::Manual => return Ok(false),
            RedirectPolicy::Error => return Err(ErrorCode::RedirectBlocked),
            RedirectPolicy::Follow => {}
        }
        let method = method_after(status, &self.draft.method);
        // What a local server says is no reason to go elsewhere, and what was sent is gone.
        if exempt || (self.streamed && method == self.draft.method) {
            return Ok(false);
        }
        if self.redirects >= rules.redirects_max {
            return Err(ErrorCode::TooManyRedirects);
        }
        self.redirects += 1;
        redirect(&mut self.draft, method, to);
        self.draft.settle_url()?;
        Ok(true)
    }
}

/// Where a response leads, if it does.
fn location(status: StatusCode, headers: &HeaderMap, from: &Url) -> Result<Option<Url>, ErrorCode> {
    let Some(value) = headers.get(LOCATION).filter(|_| status.is_redirection()) else {
        return Ok(None);
    };
    let text = std::str::from_utf8(value.as_bytes()).ok();
    let to = text.and_then(|text| from.join(text).ok());
    let unusable = || ErrorCode::Protocol("the `Location` of a redirect is unusable".to_owned());
    to.map(Some).ok_or_else(unusable)
}

/// The method of the request that follows a redirect.
fn method_after(status: StatusCode, method: &Method) -> Method {
    let harmless = *method == Method::GET || *method == Method::HEAD;
    match status {
        StatusCode::SEE_OTHER | StatusCode::MOVED_PERMANENTLY | StatusCode::FOUND if !harmless => {
            Method::GET
        }
        _ => method.clone(),
    }
}

/// Changes a request into the one that follows a redirect.
fn redirect(draft: &mut Draft, method: Method, mut to: Url) {
    if method != draft.method {
        draft.method = method;
        draft.body = None;
        draft.length = None;
        draft.headers = without(&draft.headers, &[CONTENT_TYPE]);
    }
    if to.origin() != draft.url.origin() {
        draft.headers =
            without(&draft.headers, &[AUTHORIZATION, COOKIE, PROXY_AUTHORIZATION, HOST]);
        draft.host = None;
    }
    // Whom to be is the guest's to say, never the server's. What no name can be taken out of has none.
    let _ = to.set_username("").and_then(|()| to.set_password(None));
    if to.fragment().is_none() {
        to.set_fragment(draft.url.fragment());
    }
    draft.url = to;
}

/// The other headers, in their order, which removing one by one would not keep.
fn without(headers: &HeaderMap, names: &[HeaderName]) -> HeaderMap {
    let kept = headers.iter().filter(|(name, _)| !names.contains(name));
    kept.fold(HeaderMap::new(), |mut all, (name, value)| {
        all.append(name, value.clone());
        all
    })
}

impl View<'_> {
    /// Connects and begins to send.
    pub(super) async fn depart(
        &mut self,
        trip: &Trip,
        payload: Payload,
        rules: &Rules,
    ) -> Result<Exchange, ErrorCode> {
        let transport = self.connect(&trip.draft, rules, trip.redirects > 0).await?;
        Exchange::begin(transport, trip.draft.head(rules.decode)?, payload).await
    }

    /// Sends a request that has its whole body, and follows redirects.
    pub(super) async fn fetch(
        &mut self,
        mut trip: Trip,
        rules: &Rules,
    ) -> Result<Answered, ErrorCode> {
        let reply = self.hop(&mut trip, rules).await?;
        self.follow(trip, reply, rules).await
    }

    /// Goes on from a first response.
    pub(super) async fn follow(
        &mut self,
        mut trip: Trip,
        mut reply: Reply,
        rules: &Rules,
    ) -> Result<Answered, ErrorCode> {
        loop {
            let exempt = trip.redirects == 0 && is_exempt(self.network, &trip.draft.url);
            if !trip.redirected(&reply.response, rules, exempt)? {
                return Ok(reply.arrive(trip, rules));
            }
            reply = self.hop(&mut trip, rules).await?;
        }
    }

    async fn hop(&mut self, trip: &mut Trip, rules: &Rules) -> Result<Reply, ErrorCode> {
        within(rules.first_byte, async {
            trip.streamed = false;
            let payload = Payload::whole(trip.draft.body.clone());
            reply(self.depart(trip, payload, rules).await?).await
        })
        .await
    }
}

/// Waits for the head of a response.
pub(super) async fn reply(mut exchange: Exchange) -> Result<Reply, ErrorCode> {
    let response = poll_fn(|context| exchange.poll_answer(context)).await?;
    Ok(Reply { line: exchange.line, response })
}

impl Reply {
    fn arrive(self, trip: Trip, rules: &Rules) -> Answered {
        let (mut head, body) = self.response.into_parts();
        let wire = Wire::new(self.line, body);
        let body = Body::new(wire, head.status, &mut head.headers, rules.decode);
        Answered {
            status: head.status,
            headers: pairs(&head.headers),
            body,
            url: trip.draft.url,
            redirects: trip.redirects,
        }
    }
}

/// Headers as a guest gets them: names in lower case, one pair for each value.
pub(super) fn pairs(headers: &HeaderMap) -> Vec<KeyValuePair> {
    let pair = |(name, value): (&http::HeaderName, &http::HeaderValue)| KeyValuePair {
        key: name.as_str().to_owned(),
        value: String::from_utf8_lossy(value.as_bytes()).into_owned(),
    };
    headers.iter().map(pair).collect()
}

#[cfg(test)]
mod tests {
    use super::super::bindings::new::{HttpMethod, HttpRequestData};
    use super::*;

    fn after(status: u16, url: &str, to: &str) -> Draft {
        let pair = |key: &str| KeyValuePair { key: key.to_owned(), value: "a.example".to_owned() };
        let mut draft = Draft::read(&HttpRequestData {
            url: url.to_owned(),
            method: HttpMethod::Post,
            headers: [
                "authorization",
                "proxy-authorization",
                "cookie",
                "host",
                "content-type",
                "x-other",
            ]
            .map(pair)
            .to_vec(),
            body: Some(b"body".to_vec()),
        })
        .expect("a good request");
        let status = StatusCode::from_u16(status).expect("a status");
        let method = method_after(status, &draft.method);
        let to = draft.url.join(to).expect("a good location");
        redirect(&mut draft, method, to);
        draft
    }

    #[test]
    fn a_method_that_changes_drops_the_body() {
        for (status, method) in
            [(301, "GET"), (302, "GET"), (303, "GET"), (300, "POST"), (307, "POST"), (308, "POST")]
        {
            let draft = after(status, "http://a.example/", "/next");
            assert_eq!(draft.method, method, "{status}");
            assert_eq!(draft.body.is_some(), method == "POST", "{status}");
            assert_eq!(draft.headers.contains_key("content-type"), method == "POST", "{status}");
        }
        assert_eq!(method_after(StatusCode::SEE_OTHER, &Method::HEAD), Method::HEAD);
    }

    #[test]
    fn credentials_stay_with_their_origin() {
        for (to, kept) in [
            ("/next", true),
            ("http://A.example:80/next", true),
            ("https://a.example/", false),
            ("http://a.example:81/", false),
            ("http://b.a.example/", false),
            ("//b.example/", false),
        ] {
            let draft = after(307, "http://a.example/", to);
            for name in ["authorization", "proxy-authorization", "cookie", "host"] {
                assert_eq!(draft.headers.contains_key(name), kept, "{to} {name}");
            }
            assert_eq!(draft.host.is_some(), kept, "{to}");
            assert!(draft.headers.contains_key("x-other"), "{to}");
        }
    }

    #[test]
    fn a_location_brings_no_credentials_along() {
        for (to, kept) in [
            ("http://eve:pw@a.example/next", true),
            ("//eve@a.example/next", true),
            ("http://a.example:pw@b.example/", false),
            ("https://:pw@a.example/", false),
        ] {
            let mut draft = after(307, "http://ada:own@a.example/", to);
            assert_eq!((draft.url.username(), draft.url.password()), ("", None), "{to}");
            draft.settle_url().expect("a good URL");
            let sent = draft.headers.get(AUTHORIZATION).map(|value| value.as_bytes());
            assert_eq!(sent, kept.then_some(&b"a.example"[..]), "{to}");
        }
    }

    #[test]
    fn only_a_redirect_with_a_usable_location_leads_anywhere() {
        let from = Url::parse("http://a.example/b/c").expect("a URL");
        let lead = |status: u16, value: &[u8]| {
            let mut headers = HeaderMap::new();
            headers.insert(LOCATION, http::HeaderValue::from_bytes(value).expect("a value"));
            let status = StatusCode::from_u16(status).expect("a status");
            location(status, &headers, &from).map(|to| to.map(String::from))
        };
        assert_eq!(lead(302, b"d"), Ok(Some("http://a.example/b/d".to_owned())));
        assert_eq!(lead(200, b"d"), Ok(None));
        assert!(matches!(lead(302, b"http://"), Err(ErrorCode::Protocol(_))));
        assert!(matches!(lead(302, b"\xff"), Err(ErrorCode::Protocol(_))));
        assert_eq!(location(StatusCode::FOUND, &HeaderMap::new(), &from), Ok(None));
    }
}
