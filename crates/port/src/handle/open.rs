//! From what a handle is opened with to a door with its policy in force.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use tenure::tenure_core::id::{CommandId, Revision, SystemName};
use tenure::tenure_core::person::Actor;
use tenure::tenure_core::record::written::Salt;
use tenure::tenure_policy::document;
use tenure::{
    Clock, Code, Engine, Error, Fault, Ids, ManualClock, MemoryStore, Policy, Publish, SqliteStore, Store,
    SystemClock,
};

use super::config::{Config, Counting, Source, Text};
use super::fork::OpenFile;
use super::{Door, FORKED_OPEN};
use crate::Port;
use crate::answer::{Answer, Misread};

/// Who publishes the policy that a handle is opened with.
const OPENER: &str = "open";
/// Another host may publish between the look at what is in force and the commit. One that does so this often has
/// another policy than this host, and does not stop.
const PUBLISHED_AFTER: usize = 3;

pub(super) fn door(config: Config) -> Result<Door, Answer> {
    let clock = config.clock.map(|at| Arc::new(ManualClock::at(at)));
    // A policy, or a key, that is wrong leaves no file behind.
    let policy = config.policy.map(policy).transpose()?;
    let signer = config.key.map(|key| key.signer()).transpose();
    let signer = signer.map_err(|why| Answer::from(Misread::out_of_range("key", why)))?;
    let shown = clock.clone().map(|clock| -> Arc<dyn Clock> { clock });
    let (store, file) = store(&config.store, shown)?;
    let mut engine = Engine::over(store);
    if let Some(namespace) = &config.namespace {
        engine = engine.namespace(namespace)?;
    }
    if let Some(counting) = config.ids {
        engine = engine.with_ids(Counted::from(counting));
    }
    if let Some(policy) = policy {
        in_force(&engine, &policy)?;
    }
    let mut port = Port::new(engine);
    if let Some(signer) = signer {
        port = port.signing(Arc::new(signer));
    }
    Ok(Door { port, clock, _file: file })
}

fn policy(source: Source) -> Result<Policy, Error> {
    let policy = match source {
        Source::Path(path) => Policy::from_path(path),
        Source::Text(Text { text, format }) => Policy::from_text(&text, document::Format::from(format)),
        Source::Fields(fields) => Policy::from_json(serde_json::Value::from(fields)),
    };
    policy.map_err(Error::Invalid)
}

/// The store that is named, with the clock of a test or its own: the machine's, but a database has the server's.
fn store(named: &str, clock: Option<Arc<dyn Clock>>) -> Result<(Arc<dyn Store>, Option<OpenFile>), Answer> {
    if ["postgres://", "postgresql://"].iter().any(|scheme| named.starts_with(scheme)) {
        return Ok((postgres(named, clock)?, None));
    }
    let clock = clock.unwrap_or_else(|| Arc::new(SystemClock));
    if named == ":memory:" {
        return Ok((Arc::new(MemoryStore::with_clock(clock)), None));
    }
    let file = OpenFile::counted().ok_or_else(|| Answer::fault("forked", FORKED_OPEN))?;
    let store = SqliteStore::open_with(named, clock).map_err(Error::from)?;
    Ok((Arc::new(store), Some(file)))
}

#[cfg(feature = "postgres")]
fn postgres(url: &str, clock: Option<Arc<dyn Clock>>) -> Result<Arc<dyn Store>, Answer> {
    use tenure::{PostgresStore, tenure_postgres::Options};

    let store = match clock {
        Some(clock) => PostgresStore::open_with_clock(url, Options::default(), clock),
        None => PostgresStore::open(url),
    };
    Ok(Arc::new(store.map_err(Error::from)?))
}

#[cfg(not(feature = "postgres"))]
fn postgres(_url: &str, _clock: Option<Arc<dyn Clock>>) -> Result<Arc<dyn Store>, Answer> {
    Err(Answer::fault("not_built", "this build has no store on PostgreSQL: it was made without `postgres`"))
}

/// Publishes a policy unless it is in force.
fn in_force(engine: &Engine, policy: &Policy) -> Result<(), Error> {
    let opener = Actor::System(SystemName::new(OPENER).map_err(|why| bad_id("system name", &why))?);
    let wanted = Publish::new(policy, &opener).revision()?;
    let mut tries = 1;
    loop {
        let now_in_force = engine.policy()?.map(|publication| publication.revision.clone());
        if now_in_force.as_ref() == Some(&wanted) {
            return Ok(());
        }
        match engine.publish_with(publication(policy, &opener, now_in_force, &wanted), engine.clock()) {
            Ok(_) => return Ok(()),
            Err(Error::Refused(refusal)) if refusal.code == Code::PolicyStale && tries < PUBLISHED_AFTER => {
                tries = tries.saturating_add(1);
            }
            Err(error) => return Err(error),
        }
    }
}

/// Hosts that open together publish once: the first publication of a namespace has an id that all of them give it, and
/// every other one names what it replaces.
fn publication(policy: &Policy, opener: &Actor, replaced: Option<Revision>, wanted: &Revision) -> Publish {
    let publish = Publish::new(policy, opener);
    match replaced {
        Some(revision) => publish.if_revision(revision.to_string()),
        None => publish.command_id(format!("{OPENER} {wanted}")),
    }
}

fn bad_id(which: &'static str, why: &impl ToString) -> Fault {
    Fault::BadId { which, why: why.to_string() }
}

/// Command ids that are counted, and salts that are no secret: for tests, where everything shall be the same again.
#[derive(Clone, Debug)]
pub struct Counted {
    prefix: Arc<str>,
    made: Arc<AtomicU64>,
}

impl Counted {
    /// What a handle must be opened with to go on from here.
    #[must_use]
    pub fn counting(&self) -> Counting {
        Counting { prefix: self.prefix.to_string(), after: self.made.load(Ordering::SeqCst) }
    }
}

impl From<Counting> for Counted {
    fn from(counting: Counting) -> Self {
        Self { prefix: counting.prefix.into(), made: Arc::new(AtomicU64::new(counting.after)) }
    }
}

impl Ids for Counted {
    fn next(&self) -> Result<CommandId, Fault> {
        let number = self.made.fetch_add(1, Ordering::SeqCst).saturating_add(1);
        CommandId::new(format!("{} {number}", self.prefix)).map_err(|why| bad_id("command id", &why))
    }

    fn salt(&self) -> Result<Salt, Fault> {
        Ok(Salt::from_bytes([0; 16]))
    }
}
