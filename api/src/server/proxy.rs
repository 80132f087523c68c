//! What stands before the server: where people find it, and from whom a request comes that a proxy hands on.
//!
//! The word of a proxy counts that the configuration names, about the hop before it, and so on from there; nobody else's does.
//! Only one header is read, the one that those proxies write: another one they would hand on as a stranger sent it.

use std::fmt;
use std::net::{IpAddr, SocketAddr};

use axum::http::uri::{Scheme, Uri};
use axum::http::{HeaderMap, HeaderName, header};
use ipnet::IpNet;
use serde::Deserialize;

/// Where people find a server: a scheme and an authority, `https://custody.example`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct PublicUrl {
    is_https: bool,
    authority: String,
}

/// Proxies that hand requests on, and what they say about them.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Proxies {
    /// Their addresses, or networks in which there is nobody else.
    pub trusted: Vec<Network>,
    /// The header that they write.
    pub header: ForwardedHeader,
}

/// An address, or a network: `10.0.0.0/8`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct Network(IpNet);

/// What a proxy writes the address before it into, after what is there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ForwardedHeader {
    /// Addresses, separated by commas.
    #[default]
    XForwardedFor,
    /// RFC 7239.
    Forwarded,
}

impl PublicUrl {
    /// Whether what lies between people and the server is encrypted.
    pub fn is_https(&self) -> bool {
        self.is_https
    }

    /// What browsers write in `Host`.
    pub fn authority(&self) -> &str {
        &self.authority
    }
}

impl TryFrom<String> for PublicUrl {
    type Error = String;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let refuse = || {
            format!("`{text}` is not `https://` or `http://` and a name, with a port or without")
        };
        let uri: Uri = text.parse().map_err(|_| refuse())?;
        let is_https = match uri.scheme() {
            Some(scheme) if *scheme == Scheme::HTTPS => true,
            Some(scheme) if *scheme == Scheme::HTTP => false,
            _ => return Err(refuse()),
        };
        let authority = uri.authority().map(|authority| authority.as_str().to_ascii_lowercase());
        let authority = authority.filter(|text| !text.contains('@')).ok_or_else(refuse)?;
        if uri.path() != "/" || uri.query().is_some() {
            return Err(refuse());
        }
        // A port that the scheme implies is written by no browser.
        let implied = if is_https { ":443" } else { ":80" };
        let authority = authority.strip_suffix(implied).unwrap_or(&authority).to_owned();
        Ok(Self { is_https, authority })
    }
}

impl fmt::Display for PublicUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = if self.is_https { "https" } else { "http" };
        write!(f, "{scheme}://{}", self.authority)
    }
}

impl TryFrom<String> for Network {
    type Error = String;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let network = text.parse().or_else(|_| text.parse().map(|address: IpAddr| address.into()));
        network.map(Self).map_err(|_| format!("`{text}` is neither an address nor a network"))
    }
}

impl Proxies {
    /// From whom a request comes that came from `peer`: the peer, or where it is a proxy of ours, the nearest hop that is none.
    /// A proxy that does not say whom it speaks for counts itself.
    pub fn caller(&self, peer: IpAddr, headers: &HeaderMap) -> IpAddr {
        let mut caller = peer.to_canonical();
        let mut hops = self.hops(headers);
        while self.is_ours(caller) {
            match hops.pop().and_then(address_of) {
                Some(address) => caller = address,
                None => break,
            }
        }
        caller
    }

    fn is_ours(&self, address: IpAddr) -> bool {
        self.trusted.iter().any(|Network(network)| network.contains(&address))
    }

    /// What each hop said about the one before it; the nearest last.
    fn hops<'h>(&self, headers: &'h HeaderMap) -> Vec<&'h str> {
        let name = match self.header {
            ForwardedHeader::XForwardedFor => HeaderName::from_static("x-forwarded-for"),
            ForwardedHeader::Forwarded => header::FORWARDED,
        };
        // A line that is no text is nobody's word, and neither is what stands before it.
        let lines = headers.get_all(name).iter().map(|line| line.to_str().unwrap_or("?"));
        // No address has a comma in it: what a stranger quoted stays to the left of what our proxies wrote.
        let elements = lines.flat_map(|line| line.split(','));
        match self.header {
            ForwardedHeader::XForwardedFor => elements.collect(),
            ForwardedHeader::Forwarded => elements.map(node_of).collect(),
        }
    }
}

/// The node in an element of RFC 7239: `for=192.0.2.60;proto=https`. Nothing, where it has none.
fn node_of(element: &str) -> &str {
    let node = element.split(';').find_map(|pair| {
        let (name, value) = pair.split_once('=')?;
        name.trim().eq_ignore_ascii_case("for").then_some(value)
    });
    node.unwrap_or_default().trim().trim_matches('"')
}

/// The address of a hop, with a port or without, in brackets or without.
fn address_of(text: &str) -> Option<IpAddr> {
    let text = text.trim();
    let bare = text.strip_prefix('[').and_then(|text| text.strip_suffix(']')).unwrap_or(text);
    let address = bare.parse().ok().or_else(|| {
        let with_port: SocketAddr = text.parse().ok()?;
        Some(with_port.ip())
    });
    address.map(|address: IpAddr| address.to_canonical())
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    fn proxies(header: ForwardedHeader) -> Proxies {
        let trusted = ["10.0.0.0/8", "192.0.2.1", "2001:db8::/32"]
            .map(|text| Network::try_from(text.to_owned()).unwrap());
        Proxies { trusted: trusted.to_vec(), header }
    }

    fn caller(proxies: &Proxies, peer: &str, name: &'static str, lines: &[&str]) -> String {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(name, HeaderValue::from_bytes(line.as_bytes()).unwrap());
        }
        proxies.caller(peer.parse().unwrap(), &headers).to_string()
    }

    #[test]
    fn the_nearest_hop_that_is_no_proxy_of_ours_is_counted() {
        let ours = proxies(ForwardedHeader::XForwardedFor);
        let from = |peer: &str, lines: &[&str]| caller(&ours, peer, "x-forwarded-for", lines);
        assert_eq!(from("10.1.2.3", &["203.0.113.7"]), "203.0.113.7");
        // Whatever a client writes stands left of what the proxy wrote.
        assert_eq!(from("10.1.2.3", &["198.51.100.1, 203.0.113.7"]), "203.0.113.7");
        assert_eq!(from("10.1.2.3", &["198.51.100.1", "203.0.113.7, 192.0.2.1"]), "203.0.113.7");
        assert_eq!(from("::ffff:10.1.2.3", &["2001:db8::5 , ::ffff:203.0.113.7"]), "203.0.113.7");
        assert_eq!(from("10.1.2.3", &["[2001:dba::1]:4711"]), "2001:dba::1");
        assert_eq!(from("10.1.2.3", &["203.0.113.7:80"]), "203.0.113.7");
        // A peer that is none of ours is believed nothing.
        assert_eq!(from("203.0.113.9", &["198.51.100.1"]), "203.0.113.9");
        assert_eq!(from("192.0.2.2", &["198.51.100.1"]), "192.0.2.2");
        // A proxy that names nobody is counted itself; and what stands left of nonsense is not looked at.
        for lines in [
            &[][..],
            &[""],
            &["203.0.113.7, unknown"],
            &["203.0.113.7", "\u{ff}"],
            &["203.0.113.7,"],
        ] {
            assert_eq!(from("10.1.2.3", lines), "10.1.2.3", "{lines:?}");
        }
        assert_eq!(caller(&ours, "10.1.2.3", "forwarded", &["for=203.0.113.7"]), "10.1.2.3");
        let nobody = Proxies::default();
        assert_eq!(caller(&nobody, "127.0.0.1", "x-forwarded-for", &["203.0.113.7"]), "127.0.0.1");
    }

    #[test]
    fn forwarded_is_read_as_rfc_7239_has_it() {
        let ours = proxies(ForwardedHeader::Forwarded);
        let from = |lines: &[&str]| caller(&ours, "10.1.2.3", "forwarded", lines);
        assert_eq!(from(&["for=203.0.113.7;proto=https;by=10.1.2.3"]), "203.0.113.7");
        assert_eq!(from(&["For=\"[2001:dba::17]:4711\""]), "2001:dba::17");
        assert_eq!(from(&["for=198.51.100.1, for=203.0.113.7 , for=192.0.2.1"]), "203.0.113.7");
        // A quotation that a stranger opened hides nothing.
        assert_eq!(from(&["for=\"198.51.100.1, for=203.0.113.7"]), "203.0.113.7");
        for line in ["for=unknown", "for=_hidden", "proto=https", "203.0.113.7"] {
            assert_eq!(from(&[line]), "10.1.2.3", "{line}");
        }
        assert_eq!(caller(&ours, "10.1.2.3", "x-forwarded-for", &["203.0.113.7"]), "10.1.2.3");
    }

    #[test]
    fn an_address_for_people_is_a_scheme_and_a_name() {
        let read = |text: &str| PublicUrl::try_from(text.to_owned()).map(|url| url.to_string());
        assert_eq!(read("https://Custody.example").unwrap(), "https://custody.example");
        assert_eq!(read("https://custody.example:443/").unwrap(), "https://custody.example");
        assert_eq!(read("http://127.0.0.1:8344").unwrap(), "http://127.0.0.1:8344");
        for text in [
            "",
            "custody.example",
            "ftp://x",
            "https://",
            "https://x/y",
            "https://x?y",
            "https://a@x",
        ] {
            assert!(read(text).is_err(), "{text}");
        }
    }
}
