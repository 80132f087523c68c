//! Signed requests: HTTP message signatures (RFC 9421) with a custodian's Ed25519 key, in the one profile that servers
//! and clients here speak. docs/API.md section "Signed requests".
//!
//! Covered are, always and in this order, `@method`, `@authority`, `@path`, `@query` and `content-digest`. One
//! signature a request, no older than [`WINDOW_S`], with a nonce that no request has had.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use custody_core::hash::Hash;
use custody_core::key::{CoseKey, Kid};
use ed25519_dalek::{Signer as _, SigningKey};
use sfv::{BareItem, Dictionary, InnerList, ListEntry, Parser};
use sha2::{Digest as _, Sha256};
use thiserror::Error;

/// How far the signer's clock and the server's may be apart, in seconds.
pub const WINDOW_S: u64 = 300;

/// Longest value of a header that belongs to a signature, in bytes: ours has some 300.
const MAX_HEADER: usize = 1024;
/// The signature's name in both headers.
const LABEL: &str = "custody";
/// What the signature is for: one made for another use does not count here.
const TAG: &str = "custody-ledger";
const COVERED: [&str; 5] = ["@method", "@authority", "@path", "@query", "content-digest"];
/// 16 random bytes in hexadecimal digits.
const NONCE_LEN: usize = 32;

/// What of a request is signed.
#[derive(Clone, Copy, Debug)]
pub struct Target<'a> {
    /// The method, in capitals.
    pub method: &'a str,
    /// Host and, unless it is the scheme's own, port; lower case.
    pub authority: &'a str,
    /// The path as it was sent.
    pub path: &'a str,
    /// The query as it was sent, without its `?`; `None` where there is none.
    pub query: Option<&'a str>,
    /// The body, empty where there is none.
    pub body: &'a [u8],
}

/// The headers of a signed request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignatureHeaders {
    /// `Signature-Input`.
    pub input: String,
    /// `Signature`.
    pub signature: String,
    /// `Content-Digest` (RFC 9530).
    pub content_digest: String,
}

/// When a request was signed, with which key, and its nonce.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignatureParams {
    /// Seconds since 1970.
    pub created_s: u64,
    /// 32 hexadecimal digits.
    pub nonce: String,
    /// Thumbprint of the key.
    pub kid: Kid,
}

/// A signed request as it came, well formed; nothing is verified.
#[derive(Clone, Debug)]
pub struct SignedRequest {
    params: SignatureParams,
    content_digest: String,
    signature: [u8; 64],
}

/// Why a request is not taken for a signed one.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum SignatureError {
    /// A header is missing or not in the form of the profile.
    #[error("`{header}` is not in the form that docs/API.md gives")]
    Malformed {
        /// The header.
        header: &'static str,
    },
    /// The body is not the one that was signed.
    #[error("`Content-Digest` is not that of the body")]
    ContentDigest,
    /// The signature was made too long ago, or in the future.
    #[error(
        "signed at {created_s}, the server's clock says {now_s}; at most {WINDOW_S} s may lie between"
    )]
    Created {
        /// What the signer's clock said: seconds since 1970.
        created_s: u64,
        /// What the server's says.
        now_s: u64,
    },
    /// The signature is not one of this key over this request.
    #[error("the signature is not that of the key over this request")]
    Invalid,
}

impl SignatureError {
    /// The stable code of this error.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Malformed { .. } => "http-signature/malformed",
            Self::ContentDigest => "http-signature/content-digest",
            Self::Created { .. } => "http-signature/created",
            Self::Invalid => "http-signature/invalid",
        }
    }
}

/// Signs a request.
pub fn sign_request(
    key: &SigningKey,
    target: &Target<'_>,
    params: &SignatureParams,
) -> SignatureHeaders {
    let content_digest = content_digest(target.body);
    let input = format_params(params);
    let base = signature_base(target, &content_digest, &input);
    let signature = STANDARD.encode(key.sign(base.as_bytes()).to_bytes());
    SignatureHeaders {
        input: format!("{LABEL}={input}"),
        signature: format!("{LABEL}=:{signature}:"),
        content_digest,
    }
}

impl SignedRequest {
    /// Reads the three headers.
    ///
    /// # Errors
    /// [`SignatureError::Malformed`].
    pub fn parse(headers: &SignatureHeaders) -> Result<Self, SignatureError> {
        let params = parse_input(&headers.input)
            .ok_or(SignatureError::Malformed { header: "Signature-Input" })?;
        let signature = parse_signature(&headers.signature)
            .ok_or(SignatureError::Malformed { header: "Signature" })?;
        Ok(Self { params, signature, content_digest: headers.content_digest.clone() })
    }

    /// When it was signed, with which key, and its nonce.
    pub fn params(&self) -> &SignatureParams {
        &self.params
    }

    /// Verifies the signature over `target` with `key`, which must be the one that is named. Cost: one strict
    /// verification, and one SHA-256 over the body.
    ///
    /// # Errors
    /// [`SignatureError`].
    pub fn verify(
        &self,
        key: &CoseKey,
        target: &Target<'_>,
        now_s: u64,
    ) -> Result<(), SignatureError> {
        let created_s = self.params.created_s;
        if created_s.abs_diff(now_s) > WINDOW_S {
            return Err(SignatureError::Created { created_s, now_s });
        }
        if self.content_digest != content_digest(target.body) {
            return Err(SignatureError::ContentDigest);
        }
        let base = signature_base(target, &self.content_digest, &format_params(&self.params));
        if key.kid() != self.params.kid {
            return Err(SignatureError::Invalid);
        }
        key.verify(base.as_bytes(), &self.signature).map_err(|_| SignatureError::Invalid)
    }
}

/// `Content-Digest` of a body (RFC 9530), SHA-256.
pub fn content_digest(body: &[u8]) -> String {
    format!("sha-256=:{}:", STANDARD.encode(Sha256::digest(body)))
}

/// RFC 9421 section 2.5, for the components of the profile.
fn signature_base(target: &Target<'_>, content_digest: &str, params: &str) -> String {
    let Target { method, authority, path, query, .. } = target;
    let query = query.unwrap_or_default();
    format!(
        "\"@method\": {method}\n\"@authority\": {authority}\n\"@path\": {path}\n\"@query\": ?{query}\n\
         \"content-digest\": {content_digest}\n\"@signature-params\": {params}"
    )
}

/// The one spelling of the parameters: whoever signs writes it, and whoever verifies writes it again.
fn format_params(params: &SignatureParams) -> String {
    let covered = COVERED.map(|name| format!("\"{name}\"")).join(" ");
    let SignatureParams { created_s, nonce, kid } = params;
    format!(
        "({covered});created={created_s};nonce=\"{nonce}\";keyid=\"{kid}\";alg=\"ed25519\";tag=\"{TAG}\""
    )
}

fn parse_input(header: &str) -> Option<SignatureParams> {
    let dictionary = parse_dictionary(header)?;
    let Some(ListEntry::InnerList(list)) = only(&dictionary) else { return None };
    let params = read_params(list)?;
    // What is spelled in another way would be verified as if it were spelled in ours.
    (header == format!("{LABEL}={}", format_params(&params))).then_some(params)
}

fn read_params(list: &InnerList) -> Option<SignatureParams> {
    let param = |name: &str| list.params.get(name);
    let created_s = match param("created")? {
        BareItem::Integer(number) => u64::try_from(i64::from(*number)).ok()?,
        _ => return None,
    };
    let text = |name: &str| match param(name)? {
        BareItem::String(text) => Some(text.as_str().to_owned()),
        _ => None,
    };
    let nonce = text("nonce")?;
    let is_nonce = nonce.len() == NONCE_LEN
        && nonce.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte));
    let kid = Hash::from_hex(&text("keyid")?).map(Kid::new)?;
    is_nonce.then_some(SignatureParams { created_s, nonce, kid })
}

fn parse_signature(header: &str) -> Option<[u8; 64]> {
    let dictionary = parse_dictionary(header)?;
    match only(&dictionary)? {
        ListEntry::Item(item) if item.params.is_empty() => match &item.bare_item {
            BareItem::ByteSequence(bytes) => bytes.as_slice().try_into().ok(),
            _ => None,
        },
        _ => None,
    }
}

fn parse_dictionary(header: &str) -> Option<Dictionary> {
    if header.len() > MAX_HEADER {
        return None;
    }
    Parser::new(header).parse().ok()
}

/// The one member that there may be.
fn only(dictionary: &Dictionary) -> Option<&ListEntry> {
    dictionary.get(LABEL).filter(|_| dictionary.len() == 1)
}
