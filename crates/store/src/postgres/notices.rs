//! Telling the other nodes what was committed here, and hearing it from them: `notify` in batches, after the commits and
//! on a connection of its own. Inside the transactions it would make all commits of the server wait for each other.

use std::{
    future::poll_fn,
    hash::{BuildHasher as _, Hasher as _, RandomState},
    sync::{Arc, Weak},
    time::Duration,
};

use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio_postgres::{AsyncMessage, Client, Notification};

use super::{Address, CONNECTING, failure};
use crate::{
    Error,
    feed::{Change, Feed, decode, encode},
};

const CHANNEL: &str = "tasksteper";
/// How long changes are gathered before the others are told.
const GATHER: Duration = Duration::from_millis(20);
/// Before the server is tried again.
const PAUSE: Duration = Duration::from_secs(1);

/// Where what is to be told is put.
pub(super) struct Notices(UnboundedSender<Vec<Change>>);

/// Why listening ended.
enum End {
    /// The records were closed.
    Closed,
    Lost(String),
}

impl Notices {
    /// Listens on a thread of its own, and tells `feed` what the others say, until both are gone.
    pub(super) fn start(address: &Address, feed: &Arc<Feed>) -> Result<Notices, Error> {
        let failed = |error: std::io::Error| Error::Unavailable {
            doing: "starting to listen to the other nodes".to_owned(),
            source: Arc::new(error),
        };
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(failed)?;
        let (sender, outgoing) = unbounded_channel();
        let (address, feed) = (address.clone(), Arc::downgrade(feed));
        let listen = move || runtime.block_on(listen_on(&address, &feed, outgoing));
        std::thread::Builder::new().name("store-notices".to_owned()).spawn(listen).map_err(failed)?;
        Ok(Notices(sender))
    }

    pub(super) fn tell(&self, changes: &[Change]) {
        if !changes.is_empty() {
            // the thread ends with the records
            let _ = self.0.send(changes.to_vec());
        }
    }
}

async fn listen_on(address: &Address, feed: &Weak<Feed>, mut outgoing: UnboundedReceiver<Vec<Change>>) {
    // what a node says to all comes back to it as well
    let node = format!("{:016x}", RandomState::new().build_hasher().finish());
    let mut missed = false;
    loop {
        match listen(address, feed, &node, &mut outgoing, missed).await {
            End::Closed => return,
            End::Lost(why) => tracing::debug!(why, "the other nodes are not heard"),
        }
        missed = true;
        tokio::time::sleep(PAUSE).await;
        // it is told afterwards that there was something
        while outgoing.try_recv().is_ok() {}
        if outgoing.is_closed() {
            return;
        }
    }
}

async fn listen(
    address: &Address,
    feed: &Weak<Feed>,
    node: &str,
    outgoing: &mut UnboundedReceiver<Vec<Change>>,
    missed: bool,
) -> End {
    let lost = |error: tokio_postgres::Error| End::Lost(failure::said(&error));
    let (client, mut heard) = match connect(address).await {
        Ok(connected) => connected,
        Err(why) => return End::Lost(why),
    };
    if let Err(error) = client.batch_execute(&format!("listen {CHANNEL}")).await {
        return lost(error);
    }
    if missed {
        // neither side knows what the other said meanwhile
        let Some(feed) = feed.upgrade() else { return End::Closed };
        feed.publish(&[Change::Something]);
        if let Err(error) = notify(&client, node, &[Change::Something]).await {
            return lost(error);
        }
    }
    loop {
        tokio::select! {
            notice = heard.recv() => {
                let Some(notice) = notice else { return End::Lost("the connection ended".to_owned()) };
                let Some(feed) = feed.upgrade() else { return End::Closed };
                match notice.payload().split_once('\n') {
                    Some((from, changes)) if from != node => feed.publish(&decode(changes)),
                    _ => {}
                }
            }
            changes = outgoing.recv() => {
                let Some(mut changes) = changes else { return End::Closed };
                tokio::time::sleep(GATHER).await;
                while let Ok(more) = outgoing.try_recv() {
                    changes.extend(more);
                }
                if let Err(error) = notify(&client, node, &changes).await {
                    return lost(error);
                }
            }
        }
    }
}

async fn notify(client: &Client, node: &str, changes: &[Change]) -> Result<(), tokio_postgres::Error> {
    for text in encode(changes) {
        let sql = "select cast(pg_notify($1, $2) as text)";
        client.execute(sql, &[&CHANNEL, &format!("{node}\n{text}")]).await?;
    }
    Ok(())
}

async fn connect(address: &Address) -> Result<(Client, UnboundedReceiver<Notification>), String> {
    let (sender, heard) = unbounded_channel();
    let said = |error: tokio_postgres::Error| format!("{CONNECTING}: {}", failure::said(&error));
    match address.tls().map_err(|error| error.to_string())? {
        None => {
            let (client, io) = address.config.connect(tokio_postgres::NoTls).await.map_err(said)?;
            tokio::spawn(hear(io, sender));
            Ok((client, heard))
        }
        Some(tls) => {
            let (client, io) = address.config.connect(tls).await.map_err(said)?;
            tokio::spawn(hear(io, sender));
            Ok((client, heard))
        }
    }
}

/// The connection's own work, until it ends.
async fn hear<S, T>(mut io: tokio_postgres::Connection<S, T>, heard: UnboundedSender<Notification>)
where
    S: tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin,
    T: tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin,
{
    while let Some(Ok(message)) = poll_fn(|cx| io.poll_message(cx)).await {
        if let AsyncMessage::Notification(notice) = message
            && heard.send(notice).is_err()
        {
            return;
        }
    }
}
