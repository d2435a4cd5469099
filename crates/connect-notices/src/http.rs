//! Requests to other people's servers: one client for Slack and for webhooks.

use std::io::Read;
use std::sync::Arc;
use std::time::Duration;

use tenure::{Span, Trouble};
use ureq::Agent;
use ureq::tls::{Certificate, RootCerts, TlsConfig};

/// How long one request may take where a host says nothing, the answer included: shorter than any sensible lease.
const PATIENCE: Duration = Duration::from_secs(10);
/// Bytes of an answer that are read.
const ANSWER_BYTES_MAX: u64 = 64 * 1024;

/// Posts, over TLS that the system's root certificates vouch for. Redirects are not followed: whoever was named is told,
/// and nobody whom they name.
#[derive(Clone, Debug)]
pub struct Http {
    agent: Agent,
}

/// What a server answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply {
    /// The status.
    pub status: u16,
    /// How long it asks to be left alone, where it says so in seconds.
    pub retry_after: Option<Span>,
    /// The answer, its beginning where it is long.
    pub body: String,
}

impl Default for Http {
    fn default() -> Self {
        Self::new()
    }
}

impl Http {
    /// A client for addresses that begin with `https:`, and no others.
    #[must_use]
    pub fn new() -> Self {
        Self::with(true, PATIENCE)
    }

    /// The same, for `http:` too: for stand-ins on this machine.
    #[must_use]
    pub fn in_the_clear() -> Self {
        Self::with(false, PATIENCE)
    }

    /// The same, which gives up after that time.
    #[must_use]
    pub fn within(self, patience: Duration) -> Self {
        Self::with(self.agent.config().https_only(), patience)
    }

    fn with(https_only: bool, patience: Duration) -> Self {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let roots = || {
            let found = rustls_native_certs::load_native_certs().certs;
            found.iter().map(|root| Certificate::from_der(root).to_owned()).collect()
        };
        // What is in the clear has no certificate to look at, and reading all of them takes its time.
        let roots: Vec<Certificate<'static>> = if https_only { roots() } else { Vec::new() };
        let tls = TlsConfig::builder()
            .unversioned_rustls_crypto_provider(provider)
            .root_certs(RootCerts::Specific(Arc::new(roots)))
            .build();
        let config = Agent::config_builder()
            .https_only(https_only)
            .http_status_as_error(false)
            .max_redirects(0)
            .max_redirects_will_error(false)
            .timeout_global(Some(patience))
            .tls_config(tls)
            .user_agent(concat!("tenure/", env!("CARGO_PKG_VERSION")))
            .build();
        Self { agent: config.new_agent() }
    }

    /// Posts that body, and says what was answered, whatever it is.
    ///
    /// # Errors
    /// [`Trouble`] where nothing was answered.
    pub fn post(&self, url: &str, headers: &[(&str, &str)], body: &[u8]) -> Result<Reply, Trouble> {
        let mut request = self.agent.post(url);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let mut answer = request.send(body)?;
        let retry_after = answer.headers().get("retry-after").and_then(|value| value.to_str().ok());
        let retry_after = retry_after.and_then(|seconds| seconds.trim().parse().ok()).map(Span::seconds);
        let status = answer.status().as_u16();
        let mut read = Vec::new();
        answer.body_mut().as_reader().take(ANSWER_BYTES_MAX).read_to_end(&mut read)?;
        Ok(Reply { status, retry_after, body: String::from_utf8_lossy(&read).into_owned() })
    }
}

impl Reply {
    /// Whether the server took it.
    #[must_use]
    pub const fn is_taken(&self) -> bool {
        matches!(self.status, 200..=299)
    }
}
