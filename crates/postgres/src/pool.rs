//! Connections: as many as are allowed, lent to whoever asks, made when they are needed.

use std::sync::{Condvar, Mutex, PoisonError};
use std::time::Duration;

use rustls::{ClientConfig, RootCertStore};
use tenure_store::StoreFault;
use tokio_postgres::Config;
use tokio_postgres::config::Host;
use tokio_postgres_rustls::MakeRustlsConnect;

use crate::link::Link;
use crate::trouble::{Out, Trouble, broken};

/// How a host uses the database, beside what the connection string says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Options {
    /// Connections of this store, at most. Callers of one engine share commits, so a few serve many.
    pub connections: usize,
    /// How long a caller waits for a connection to be free before the store is busy.
    pub wait_for_connection: Duration,
    /// How long one statement may run.
    pub statement_timeout: Duration,
    /// How long a transaction waits for a lock that another one holds.
    pub lock_timeout: Duration,
    /// How long a transaction may stand still: a host that stalls is cut off, and what it had read is nothing.
    pub idle_in_transaction_timeout: Duration,
    /// How long connecting to one server may take.
    pub connect_timeout: Duration,
    /// How old an answer may be that access runs; without an age, each question goes to the server. A revocation on another
    /// host is seen by this one so much later at most. Nothing is answered past the end of access, and what is not held is
    /// asked each time.
    pub holds_max_age: Option<Duration>,
    /// Certificates in PEM that vouch for the server; those of the system where there are none.
    pub root_certificates: Option<Vec<u8>>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            connections: 16,
            wait_for_connection: Duration::from_secs(10),
            statement_timeout: Duration::from_secs(10),
            lock_timeout: Duration::from_secs(3),
            idle_in_transaction_timeout: Duration::from_secs(5),
            connect_timeout: Duration::from_secs(5),
            holds_max_age: None,
            root_certificates: None,
        }
    }
}

/// The connections of one store.
pub(crate) struct Pool {
    config: Config,
    tls: MakeRustlsConnect,
    options: Options,
    kept: Mutex<Kept>,
    free: Condvar,
}

#[derive(Default)]
struct Kept {
    idle: Vec<Link>,
    lent: usize,
}

impl Pool {
    pub(crate) fn new(url: &str, options: Options) -> Out<Self> {
        let config: Config = verified(url).parse().map_err(|error: tokio_postgres::Error| {
            broken(format!("the connection string is wrong: {error}"))
        })?;
        Self::of(config, options)
    }

    pub(crate) fn of(mut config: Config, options: Options) -> Out<Self> {
        if config.get_application_name().is_none() {
            config.application_name("tenure");
        }
        if config.get_connect_timeout().is_none() {
            config.connect_timeout(options.connect_timeout);
        }
        let tls = MakeRustlsConnect::new(tls(options.root_certificates.as_deref())?);
        Ok(Self { config, tls, options, kept: Mutex::default(), free: Condvar::new() })
    }

    pub(crate) const fn options(&self) -> &Options {
        &self.options
    }

    /// A connection, for as long as it is held. One that broke off in the midst of something is closed.
    pub(crate) fn link(&self) -> Out<Lent<'_>> {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let full = |kept: &mut Kept| kept.idle.is_empty() && kept.lent >= self.options.connections.max(1);
        let waited = self.free.wait_timeout_while(kept, self.options.wait_for_connection, full);
        let (mut kept, waited) = waited.unwrap_or_else(PoisonError::into_inner);
        if waited.timed_out() && full(&mut kept) {
            return Err(Trouble::Fault(StoreFault::Busy));
        }
        kept.lent = kept.lent.saturating_add(1);
        let idle = kept.idle.pop();
        drop(kept);
        // Whatever happens now, the place is given back.
        let mut lent = Lent { pool: self, link: None, sound: false };
        lent.link = Some(match idle {
            Some(link) if !link.is_closed() => link,
            Some(_) | None => self.connect()?,
        });
        Ok(lent)
    }

    /// Closes what is idle: the server that they led to is gone, or no longer the one that is wanted.
    pub(crate) fn forget(&self) {
        let idle = std::mem::take(&mut self.kept.lock().unwrap_or_else(PoisonError::into_inner).idle);
        drop(idle);
    }

    /// Which database this is, for people. The connection string holds a password, so it is said nowhere.
    pub(crate) fn words(&self) -> String {
        words(&self.config)
    }

    pub(crate) fn connect(&self) -> Out<Link> {
        let mut link = Link::open(&self.config, self.tls.clone(), self.options.statement_timeout)?;
        let Options { statement_timeout, lock_timeout, idle_in_transaction_timeout, .. } = &self.options;
        link.plain(&format!(
            "SET statement_timeout = {}; SET lock_timeout = {}; SET idle_in_transaction_session_timeout = {}",
            statement_timeout.as_millis(),
            lock_timeout.as_millis(),
            idle_in_transaction_timeout.as_millis(),
        ))?;
        link.rows(SETTINGS, &[])?;
        Ok(link)
    }
}

/// Which database that is, for people, without the password.
pub(crate) fn words(config: &Config) -> String {
    // One port is that of all hosts.
    let port = |at: usize| config.get_ports().get(at).or_else(|| config.get_ports().first());
    let host = |(at, host): (usize, &Host)| {
        let name = match host {
            Host::Tcp(name) => name.clone(),
            #[cfg(unix)]
            Host::Unix(path) => path.display().to_string(),
        };
        port(at).map_or_else(|| name.clone(), |port| format!("{name}:{port}"))
    };
    let hosts: Vec<String> = config.get_hosts().iter().enumerate().map(host).collect();
    let name = config.get_dbname().or_else(|| config.get_user()).unwrap_or_default();
    format!("the database `{name}` at {}", hosts.join(", "))
}

/// A commit is on the disk before it is acknowledged, whatever the server does for others. Every question here is put
/// to an index: what a planner knows of a table that was empty when it was asked first, misleads it. And each is planned
/// once for a connection: a list of one value looks to the planner as if it were worth another plan, each time. Where a
/// database has no such setting, there is nothing to set.
const SETTINGS: &str = "SELECT set_config(s.name, w.value, false) FROM pg_catalog.pg_settings s \
    JOIN (VALUES ('synchronous_commit', 'on'), ('enable_seqscan', 'off'), ('jit', 'off'), \
    ('plan_cache_mode', 'force_generic_plan')) w (name, value) \
    ON w.name = s.name WHERE s.name <> 'synchronous_commit' OR s.setting = 'off'";

/// A connection while it is lent.
pub(crate) struct Lent<'p> {
    pool: &'p Pool,
    link: Option<Link>,
    /// Whether it may be lent again: nothing is open on it.
    sound: bool,
}

impl Lent<'_> {
    pub(crate) fn link(&mut self) -> Out<&mut Link> {
        self.link.as_mut().ok_or_else(|| broken("there is no connection"))
    }

    /// Nothing is open on it any more.
    pub(crate) fn done(mut self) {
        self.sound = true;
    }
}

impl Drop for Lent<'_> {
    fn drop(&mut self) {
        let link = self.link.take().filter(|link| self.sound && !link.is_closed());
        let mut kept = self.pool.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.lent = kept.lent.saturating_sub(1);
        kept.idle.extend(link);
        drop(kept);
        self.pool.free.notify_one();
    }
}

/// The connection string with the words of libpq for a certificate that is verified: `require` never is less here.
fn verified(url: &str) -> String {
    let (before, parameters, between) = match url.split_once('?') {
        Some((before, parameters)) => (format!("{before}?"), parameters, "&"),
        None => (String::new(), url, " "),
    };
    let word = |word| match word {
        "sslmode=verify-full" | "sslmode=verify-ca" => "sslmode=require",
        other => other,
    };
    let parameters: Vec<&str> = parameters.split(between).map(word).collect();
    format!("{before}{}", parameters.join(between))
}

/// Every certificate is verified: one that nobody vouches for is no server of ours.
fn tls(roots: Option<&[u8]>) -> Out<ClientConfig> {
    use rustls::pki_types::CertificateDer;
    use rustls::pki_types::pem::PemObject as _;

    let mut store = RootCertStore::empty();
    match roots {
        Some(pem) => {
            for certificate in CertificateDer::pem_slice_iter(pem) {
                let certificate = certificate
                    .map_err(|why| broken(format!("the root certificates cannot be read: {why}")))?;
                store.add(certificate).map_err(|why| broken(format!("no root certificate: {why}")))?;
            }
        }
        None => {
            store.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        }
    }
    let provider = rustls::crypto::ring::default_provider();
    let config = ClientConfig::builder_with_provider(provider.into())
        .with_safe_default_protocol_versions()
        .map_err(|why| broken(format!("no TLS: {why}")))?;
    Ok(config.with_root_certificates(store).with_no_client_auth())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_libpq_calls_verified_is_what_is_required_here() {
        for (given, taken) in [
            ("postgres://a@one,two/b?sslmode=verify-full&x=1", "postgres://a@one,two/b?sslmode=require&x=1"),
            ("host=one sslmode=verify-ca user=a", "host=one sslmode=require user=a"),
            ("host=one sslmode=prefer", "host=one sslmode=prefer"),
            ("postgres://a:sslmode=verify-full@one/b", "postgres://a:sslmode=verify-full@one/b"),
        ] {
            assert_eq!(verified(given), taken);
        }
    }
}
