//! One connection, driven by the thread that asks on it.

use std::collections::HashMap;
use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::task::Poll;
use std::time::Duration;

use futures_util::future::join_all;
use tokio::runtime::{Builder, Runtime};
use tokio_postgres::types::ToSql;
use tokio_postgres::{Client, Config, Row, Statement};
use tokio_postgres_rustls::MakeRustlsConnect;

use crate::pool::words;
use crate::trouble::{Out, Trouble, broken};

/// What stands in the place of `$1`.
pub(crate) type Param<'a> = &'a (dyn ToSql + Sync);

/// A statement with its values.
pub(crate) type Ask<'a> = (&'static str, Vec<Param<'a>>);

/// How long the other side may keep silent beyond what a statement may take.
const GRACE: Duration = Duration::from_secs(5);

/// One connection.
pub(crate) struct Link {
    runtime: Runtime,
    client: Client,
    /// What carries bytes to and fro. Absent once the connection is over.
    driver: Option<Pin<Box<dyn Future<Output = ()> + Send>>>,
    statements: HashMap<&'static str, Statement>,
    patience: Duration,
}

impl Link {
    /// Connects to the first of the servers that is what the configuration wants.
    pub(crate) fn open(config: &Config, tls: MakeRustlsConnect, patience: Duration) -> Out<Self> {
        let runtime = Builder::new_current_thread().enable_io().enable_time().build();
        let runtime = runtime.map_err(|error| broken(format!("no event loop: {error}")))?;
        let (client, connection) = runtime.block_on(config.connect(tls)).map_err(|error| {
            Trouble::Lost(format!("cannot connect to {}: {}", words(config), said(&error)))
        })?;
        // What ends a connection is told to whoever waits for an answer on it.
        let driver = async move { drop(connection.await) };
        let patience = patience.saturating_add(GRACE);
        Ok(Self { runtime, client, driver: Some(Box::pin(driver)), statements: HashMap::new(), patience })
    }

    pub(crate) fn is_closed(&self) -> bool {
        self.driver.is_none() || self.client.is_closed()
    }

    /// The rows that one statement gives.
    pub(crate) fn rows(&mut self, sql: &'static str, params: &[Param<'_>]) -> Out<Vec<Row>> {
        let asked = self.all(vec![(sql, params.to_vec())])?;
        Ok(asked.into_iter().next().unwrap_or_default())
    }

    /// The rows of several statements, which are on their way together and run one after the other.
    ///
    /// What fails first is told; in a transaction nothing after it does anything.
    pub(crate) fn all(&mut self, asks: Vec<Ask<'_>>) -> Out<Vec<Vec<Row>>> {
        self.between(None, asks, None)
    }

    /// The same after one plain command.
    pub(crate) fn after(&mut self, first: &'static str, asks: Vec<Ask<'_>>) -> Out<Vec<Vec<Row>>> {
        self.between(Some(first), asks, None)
    }

    /// The same before one plain command.
    pub(crate) fn before(&mut self, asks: Vec<Ask<'_>>, last: &'static str) -> Out<Vec<Vec<Row>>> {
        self.between(None, asks, Some(last))
    }

    fn between(
        &mut self,
        first: Option<&'static str>,
        asks: Vec<Ask<'_>>,
        last: Option<&'static str>,
    ) -> Out<Vec<Vec<Row>>> {
        self.prepare(asks.iter().map(|(sql, _)| *sql))?;
        let Self { runtime, client, driver, statements, patience, .. } = self;
        let client = &*client;
        let plain = |sql: Option<&'static str>| async move {
            match sql {
                Some(sql) => client.batch_execute(sql).await,
                None => Ok(()),
            }
        };
        let statement = |sql| statements.get(sql).ok_or_else(|| broken("a statement was not prepared"));
        let asks: Vec<_> = asks
            .into_iter()
            .map(|(sql, params)| {
                let statement = statement(sql)?.clone();
                Ok::<_, Trouble>(async move { client.query(&statement, &params).await })
            })
            .collect::<Result<_, _>>()?;
        let work = async {
            // In this order they are sent, and in this order they are answered.
            let first = plain(first);
            let last = plain(last);
            let (mut first, mut asks, mut last) = (pin!(first), pin!(join_all(asks)), pin!(last));
            let (mut begun, mut rows, mut ended) = (None, None, None);
            poll_fn(move |context| {
                poll_once(&mut begun, first.as_mut(), context);
                poll_once(&mut rows, asks.as_mut(), context);
                poll_once(&mut ended, last.as_mut(), context);
                match (begun.take(), rows.take(), ended.take()) {
                    (Some(one), Some(two), Some(three)) => Poll::Ready((one, two, three)),
                    parts => {
                        (begun, rows, ended) = parts;
                        Poll::Pending
                    }
                }
            })
            .await
        };
        let Some((begun, rows, ended)) = drive(runtime, driver, *patience, work) else {
            *driver = None;
            return Err(Trouble::Lost("the server does not answer".to_owned()));
        };
        begun?;
        let rows = rows.into_iter().collect::<Result<Vec<_>, _>>()?;
        ended?;
        Ok(rows)
    }

    /// Runs plain commands without values.
    pub(crate) fn plain(&mut self, sql: &str) -> Out<()> {
        let Self { runtime, client, driver, patience, .. } = self;
        let done = drive(runtime, driver, *patience, client.batch_execute(sql));
        if done.is_none() {
            *driver = None;
        }
        done.ok_or_else(|| Trouble::Lost("the server does not answer".to_owned()))?.map_err(Trouble::from)
    }

    /// Sends one plain command and does not wait for its answer: what comes next on this connection does.
    pub(crate) fn send(&mut self, sql: &str) -> Out<()> {
        let Self { runtime, client, driver, .. } = self;
        let mut asked = Box::pin(client.batch_execute(sql));
        runtime.block_on(poll_fn(|context| {
            // The first look puts it on its way, the second at the connection lets it out.
            let _ = asked.as_mut().poll(context);
            if let Some(running) = driver
                && running.as_mut().poll(context).is_ready()
            {
                *driver = None;
            }
            Poll::Ready(())
        }));
        Ok(())
    }

    /// Prepares what was not yet, once for the life of the connection.
    fn prepare(&mut self, wanted: impl Iterator<Item = &'static str>) -> Out<()> {
        let Self { runtime, client, driver, statements, patience } = self;
        let mut new: Vec<&'static str> = wanted.filter(|sql| !statements.contains_key(sql)).collect();
        new.sort_unstable();
        new.dedup();
        if new.is_empty() {
            return Ok(());
        }
        let work = join_all(new.iter().map(|sql| client.prepare(sql)));
        let Some(prepared) = drive(runtime, driver, *patience, work) else {
            *driver = None;
            return Err(Trouble::Lost("the server does not answer".to_owned()));
        };
        for (sql, statement) in new.into_iter().zip(prepared) {
            statements.insert(sql, statement?);
        }
        Ok(())
    }
}

fn poll_once<F: Future>(
    done: &mut Option<F::Output>,
    work: Pin<&mut F>,
    context: &mut std::task::Context<'_>,
) {
    if done.is_none()
        && let Poll::Ready(output) = work.poll(context)
    {
        *done = Some(output);
    }
}

/// Waits for work that needs the connection, for as long as it may take.
fn drive<F: Future>(
    runtime: &Runtime,
    driver: &mut Option<Pin<Box<dyn Future<Output = ()> + Send>>>,
    patience: Duration,
    work: F,
) -> Option<F::Output> {
    runtime.block_on(async {
        let mut work = pin!(work);
        let both = poll_fn(|context| {
            if let Poll::Ready(output) = work.as_mut().poll(context) {
                return Poll::Ready(output);
            }
            if let Some(running) = driver
                && running.as_mut().poll(context).is_ready()
            {
                *driver = None;
            }
            // What the connection has brought may be all that was waited for.
            work.as_mut().poll(context)
        });
        tokio::time::timeout(patience, both).await.ok()
    })
}

/// An error with its causes: what a server or a certificate says stands in those.
fn said(error: &tokio_postgres::Error) -> String {
    let mut text = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(why) = cause {
        let more = why.to_string();
        if !text.contains(&more) {
            text = format!("{text}: {more}");
        }
        cause = why.source();
    }
    text
}
