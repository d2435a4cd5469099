//! Where people reach the portal, which something in front of it may serve under another name.

use std::str::FromStr;

use url::Url;

/// Where people reach the portal: `https://access.example.com`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Site {
    /// As browsers write it where they say from whose page something was sent.
    origin: String,
}

impl Site {
    /// Scheme, host and port, as in `https://access.example.com`.
    #[must_use]
    pub fn origin(&self) -> &str {
        &self.origin
    }

    /// Whether it is reached by https alone: cookies then travel no other way.
    #[must_use]
    pub fn is_https(&self) -> bool {
        self.origin.starts_with("https://")
    }
}

impl FromStr for Site {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let url = Url::parse(text).map_err(|why| format!("it is no URL: {why}"))?;
        if !matches!(url.scheme(), "http" | "https") {
            return Err(format!("people reach a portal by https or http, not by `{}`", url.scheme()));
        }
        let origin = url.origin().ascii_serialization();
        // The portal's own links begin at the root.
        if url.as_str() != format!("{origin}/") {
            return Err(format!("it names a host and nothing beyond: `{origin}`"));
        }
        Ok(Self { origin })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_site_is_what_browsers_call_the_origin_of_its_pages() {
        for (text, origin, https) in [
            ("https://access.example.com", "https://access.example.com", true),
            ("https://Access.Example.com:443/", "https://access.example.com", true),
            ("http://127.0.0.1:8080", "http://127.0.0.1:8080", false),
            ("https://münchen.example", "https://xn--mnchen-3ya.example", true),
        ] {
            let site: Site = text.parse().unwrap();
            assert_eq!((site.origin(), site.is_https()), (origin, https), "{text}");
        }
    }

    #[test]
    fn what_is_more_or_less_than_a_site_is_refused() {
        for (text, why) in [
            ("access.example.com", "no URL"),
            ("ftp://access.example.com", "https or http"),
            ("https://example.com/access", "`https://example.com`"),
            ("https://example.com/?q", "nothing beyond"),
            ("https://example.com/#a", "nothing beyond"),
            ("https://user:secret@example.com", "`https://example.com`"),
        ] {
            let error = text.parse::<Site>().unwrap_err();
            assert!(error.contains(why) && !error.contains("secret"), "{text}: {error}");
        }
    }
}
