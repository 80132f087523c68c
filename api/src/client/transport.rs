//! Requests to a server: signed where there is a key, with limits on time and size, and failures in the server's words.

use std::time::Duration;

use serde_json::Value;
use ureq::http::{Method, Request, StatusCode};
use ureq::tls::{Certificate, PemItem, RootCerts, TlsConfig, parse_pem};
use ureq::{Agent, Body};

use crate::desk::now_s;
use crate::failure::Failure;
use crate::file;
use crate::http_signature::{SignatureParams, Target, sign_request};
use crate::pen::Pen;

/// Time for one request.
const TIME: Duration = Duration::from_secs(60);
/// Largest answer in bytes: 256 entries with records of at most 128 KiB, in base64, and room for chains.
const MAX_ANSWER: u64 = 64 << 20;
/// Largest file of certificates in bytes.
const MAX_CERTIFICATES: u64 = 1 << 20;
/// Times that something for which there was no room is tried again.
const ATTEMPTS: u32 = 5;

/// The way to a server.
pub struct Transport {
    agent: Agent,
    /// Scheme, host and port, without a slash at the end.
    base: String,
    /// Host and, unless it is the scheme's own, port.
    authority: String,
    pen: Option<Pen>,
}

/// What a server answered.
struct Answered {
    status: StatusCode,
    retry_after: Option<Duration>,
    body: Vec<u8>,
}

impl Transport {
    /// The way to the server at `url`, for whoever has `pen`.
    ///
    /// # Errors
    /// `url` is not one, or a certificate cannot be read.
    pub fn new(url: &str, pen: Option<Pen>) -> Result<Self, Failure> {
        Self::within(url, pen, TIME)
    }

    /// As [`Transport::new`], with a time of its own for one request.
    ///
    /// # Errors
    /// As there.
    pub fn within(url: &str, pen: Option<Pen>, time: Duration) -> Result<Self, Failure> {
        let (base, authority) = split(url)?;
        let config = Agent::config_builder()
            .timeout_global(Some(time))
            .http_status_as_error(false)
            // A signature is for one place: a server that sends us elsewhere is not followed.
            .max_redirects(0)
            .max_redirects_will_error(false)
            .proxy(None)
            .tls_config(tls()?)
            .build();
        Ok(Self { agent: Agent::new_with_config(config), base, authority, pen })
    }

    /// Gets JSON.
    ///
    /// # Errors
    /// The server cannot be reached, or refuses.
    pub fn get(&self, path: &str) -> Result<Value, Failure> {
        json(self.ask(Method::GET, path, (&[], None))?)
    }

    /// Gets JSON that everybody may have, without saying who asks: a server that is another one than was meant does not
    /// know us.
    ///
    /// # Errors
    /// As [`Transport::get`].
    pub fn get_open(&self, path: &str) -> Result<Value, Failure> {
        json(self.ask_as(None, Method::GET, path, (&[], None))?)
    }

    /// Gets text.
    ///
    /// # Errors
    /// As [`Transport::get`].
    pub fn get_text(&self, path: &str) -> Result<String, Failure> {
        let answer = self.ask(Method::GET, path, (&[], None))?.refused()?;
        String::from_utf8(answer.body).map_err(|_| super::malformed("text"))
    }

    /// Gets the bytes of a file, or nothing where there is none; signed where it is guarded.
    ///
    /// # Errors
    /// As [`Transport::get`].
    pub fn file(&self, path: &str, is_guarded: bool) -> Result<Option<Vec<u8>>, Failure> {
        let pen = self.pen.as_ref().filter(|_| is_guarded);
        let answer = self.ask_as(pen, Method::GET, path, (&[], None))?;
        match answer.status {
            StatusCode::NOT_FOUND => Ok(None),
            _ => Ok(Some(answer.refused()?.body)),
        }
    }

    /// Gets JSON, or nothing where there is nothing.
    ///
    /// # Errors
    /// As [`Transport::get`].
    pub fn find(&self, path: &str) -> Result<Option<Value>, Failure> {
        let answer = self.ask(Method::GET, path, (&[], None))?;
        match answer.status {
            StatusCode::NOT_FOUND => Ok(None),
            _ => json(answer).map(Some),
        }
    }

    /// Asks for something to be taken away.
    ///
    /// # Errors
    /// As [`Transport::get`].
    pub fn delete(&self, path: &str) -> Result<(), Failure> {
        self.ask(Method::DELETE, path, (&[], None))?.refused().map(drop)
    }

    /// Posts JSON.
    ///
    /// # Errors
    /// As [`Transport::get`].
    pub fn post(&self, path: &str, body: &Value) -> Result<Value, Failure> {
        let body = body.to_string();
        json(self.ask(Method::POST, path, (body.as_bytes(), Some("application/json")))?)
    }

    /// Posts a request to a witness, once, and hands over whatever it answers: status and body.
    ///
    /// # Errors
    /// The witness cannot be reached.
    pub fn ask_witness(&self, body: &[u8]) -> Result<(u16, Vec<u8>), Failure> {
        let answer = self.ask_once(None, &Method::POST, "/add-checkpoint", (body, None))?;
        Ok((answer.status.as_u16(), answer.body))
    }

    /// Posts a file of the type `form`.
    ///
    /// # Errors
    /// As [`Transport::get`].
    pub fn post_bytes(&self, path: &str, body: &[u8], form: &str) -> Result<Value, Failure> {
        json(self.ask(Method::POST, path, (body, Some(form)))?)
    }

    /// Asks until there is room. All that is asked here may be asked again: a record that is there is not recorded twice.
    fn ask(
        &self,
        method: Method,
        path: &str,
        content: (&[u8], Option<&str>),
    ) -> Result<Answered, Failure> {
        self.ask_as(self.pen.as_ref(), method, path, content)
    }

    fn ask_as(
        &self,
        pen: Option<&Pen>,
        method: Method,
        path: &str,
        content: (&[u8], Option<&str>),
    ) -> Result<Answered, Failure> {
        let mut attempt = 1;
        loop {
            let answer = self.ask_once(pen, &method, path, content)?;
            match answer.retry_after {
                Some(wait) if attempt < ATTEMPTS => std::thread::sleep(wait),
                _ => return Ok(answer),
            }
            attempt += 1;
        }
    }

    fn ask_once(
        &self,
        pen: Option<&Pen>,
        method: &Method,
        path: &str,
        (body, form): (&[u8], Option<&str>),
    ) -> Result<Answered, Failure> {
        let mut request = Request::builder().method(method).uri(format!("{}{path}", self.base));
        if let Some(form) = form {
            request = request.header("content-type", form);
        }
        if let Some(pen) = pen {
            let (path, query) = match path.split_once('?') {
                Some((path, query)) => (path, Some(query)),
                None => (path, None),
            };
            let authority = &self.authority;
            let target = Target { method: method.as_str(), authority, path, query, body };
            let params = SignatureParams { created_s: now_s(), nonce: nonce()?, kid: pen.kid() };
            let signed = sign_request(pen.key(), &target, &params);
            request = request
                .header("content-digest", signed.content_digest)
                .header("signature-input", signed.input)
                .header("signature", signed.signature);
        }
        let unreachable = |error: String| {
            let message = format!("`{}`: {error}", self.base);
            Failure::could_not("client/unreachable", message)
        };
        let request =
            request.body(body.to_vec()).map_err(|error| unreachable(error.to_string()))?;
        let response = self.agent.run(request).map_err(|error| unreachable(error.to_string()))?;
        read(response).map_err(|error| unreachable(error.to_string()))
    }
}

fn read(mut response: ureq::http::Response<Body>) -> Result<Answered, ureq::Error> {
    let status = response.status();
    let retry_after = response.headers().get("retry-after").and_then(|value| value.to_str().ok());
    let retry_after = retry_after.and_then(|seconds| seconds.parse().ok()).map(Duration::from_secs);
    // A server that says to come again in a year is not waited for.
    let retry_after = retry_after.filter(|wait| *wait <= TIME);
    let body = response.body_mut().with_config().limit(MAX_ANSWER).read_to_vec()?;
    Ok(Answered { status, retry_after, body })
}

impl Answered {
    /// The answer, unless the server refuses; then what it says about that.
    fn refused(self) -> Result<Self, Failure> {
        if self.status.is_success() {
            return Ok(self);
        }
        let problem: Value = serde_json::from_slice(&self.body).unwrap_or_default();
        Err(failure_of(&problem, self.status))
    }
}

/// What problem details (RFC 9457) say.
pub fn failure_of(problem: &Value, status: StatusCode) -> Failure {
    let word = |name: &str| problem[name].as_str();
    let code = word("code").unwrap_or("client/malformed");
    let message = word("detail").map_or_else(|| status.to_string(), str::to_owned);
    let failure = match status.is_client_error() {
        true => Failure::rejected(code, message),
        false => Failure::could_not(code, message),
    };
    match (word("hint"), code) {
        (Some(hint), _) => failure.hint(hint),
        (None, "access/who") => failure.hint("`CUSTODY_KEY` names the key that asks"),
        (None, _) => failure,
    }
}

fn json(answer: Answered) -> Result<Value, Failure> {
    let answer = answer.refused()?;
    serde_json::from_slice(&answer.body).map_err(|_| super::malformed("JSON"))
}

/// `http://` or `https://`, a host, a port where it is not the scheme's own, and nothing else.
fn split(url: &str) -> Result<(String, String), Failure> {
    let refused = || {
        let message = format!("`{url}` is not the address of a server");
        Failure::could_not("usage", message)
            .hint("`https://ledger.example` or, on this machine, `http://127.0.0.1:8344`")
    };
    let (scheme, rest) = url.trim_end_matches('/').split_once("://").ok_or_else(refused)?;
    let own_port = match scheme {
        "http" => ":80",
        "https" => ":443",
        _ => return Err(refused()),
    };
    let is_host = |byte: u8| byte.is_ascii_alphanumeric() || b".-:[]".contains(&byte);
    if rest.is_empty() || !rest.bytes().all(is_host) {
        return Err(refused());
    }
    let host = rest.to_ascii_lowercase();
    let authority = host.strip_suffix(own_port).unwrap_or(&host).to_owned();
    Ok((format!("{scheme}://{host}"), authority))
}

/// `CUSTODY_SERVER_CA` names certificates to trust instead of those that browsers do.
fn tls() -> Result<TlsConfig, Failure> {
    let config = TlsConfig::builder();
    let Some(path) = std::env::var_os("CUSTODY_SERVER_CA").filter(|path| !path.is_empty()) else {
        return Ok(config.build());
    };
    let path = std::path::PathBuf::from(path);
    let pem = file::read(&path, MAX_CERTIFICATES)?;
    let found = parse_pem(&pem).filter_map(|item| match item {
        Ok(PemItem::Certificate(certificate)) => Some(certificate),
        _ => None,
    });
    let found: Vec<Certificate<'static>> = found.collect();
    if found.is_empty() {
        let message = format!("`{}` holds no certificate", path.display());
        return Err(Failure::could_not("client/certificates", message));
    }
    Ok(config.root_certs(RootCerts::Specific(found.into())).build())
}

fn nonce() -> Result<String, Failure> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).map_err(crate::act::ActError::Random)?;
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}
