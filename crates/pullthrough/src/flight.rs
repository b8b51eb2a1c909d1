//! One piece of work for all who want its outcome, that nobody's going away ends.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::Arc;

use parking_lot::Mutex;
use tokio::sync::watch;

type Outcome<T> = watch::Receiver<Option<T>>;
type Running<K, T> = Arc<Mutex<HashMap<K, Outcome<T>>>>;

/// Work in flight, by what it is for.
pub(crate) struct Flights<K, T> {
    running: Running<K, T>,
    most: usize,
}

/// The end of the work that tells the outcome. While it lives others join; with it go the keys.
pub(crate) struct Landing<K: Eq + Hash, T> {
    running: Running<K, T>,
    keys: Vec<K>,
    sender: watch::Sender<Option<T>>,
}

/// As much is in flight as may be.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Full;

impl<K, T> Flights<K, T>
where
    K: Clone + Eq + Hash + Send + 'static,
    T: Clone + Send + Sync + 'static,
{
    pub(crate) fn new(most: usize) -> Self {
        Self { running: Arc::default(), most }
    }

    /// Joins the work for `key`, or starts it as a task of its own.
    pub(crate) fn join<F>(&self, key: K, start: impl FnOnce(Landing<K, T>) -> F) -> Result<Outcome<T>, Full>
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let (sender, outcome) = watch::channel(None);
        {
            let mut running = self.running.lock();
            if let Some(outcome) = running.get(&key) {
                return Ok(outcome.clone());
            }
            if running.len() >= self.most {
                return Err(Full);
            }
            running.insert(key.clone(), outcome.clone());
        }
        let landing = Landing { running: Arc::clone(&self.running), keys: vec![key], sender };
        tokio::spawn(start(landing));
        Ok(outcome)
    }
}

impl<K: Clone + Eq + Hash, T: Clone> Landing<K, T> {
    pub(crate) fn tell(&self, outcome: T) {
        self.sender.send_replace(Some(outcome));
    }

    /// Tells the outcome to all who wait; nobody joins any more.
    pub(crate) fn end(mut self, outcome: T) {
        self.leave();
        self.tell(outcome);
    }

    /// Who asks for this joins too, unless somebody works on it already.
    pub(crate) fn also_for(&mut self, key: K) {
        let mut running = self.running.lock();
        if !running.contains_key(&key) {
            running.insert(key.clone(), self.sender.subscribe());
            self.keys.push(key);
        }
    }
}

impl<K: Eq + Hash, T> Landing<K, T> {
    /// From here on nobody joins: who asks anew starts anew.
    pub(crate) fn leave(&mut self) {
        let mut running = self.running.lock();
        for key in self.keys.drain(..) {
            running.remove(&key);
        }
    }
}

impl<K: Eq + Hash, T> Drop for Landing<K, T> {
    fn drop(&mut self) {
        self.leave();
    }
}

/// The outcome, once it is told; `None` if the work ended without one.
pub(crate) async fn outcome<T: Clone>(mut flight: Outcome<T>) -> Option<T> {
    flight.wait_for(Option::is_some).await.ok().and_then(|told| told.clone())
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    #[tokio::test]
    async fn many_wait_for_one_and_their_going_does_not_end_it() {
        let flights: Flights<u8, u8> = Flights::new(2);
        let runs = Arc::new(AtomicUsize::new(0));
        let gate = Arc::new(tokio::sync::Semaphore::new(0));
        let start = || {
            let (runs, gate) = (Arc::clone(&runs), Arc::clone(&gate));
            flights.join(1, |mut landing| async move {
                runs.fetch_add(1, Ordering::Relaxed);
                let _open = gate.acquire().await;
                landing.also_for(3);
                landing.tell(7);
            })
        };
        drop(start().unwrap());
        let waiting: Vec<_> = (0..8).map(|_| tokio::spawn(outcome(start().unwrap()))).collect();
        let other = flights
            .join(2, |landing| async move {
                std::future::pending::<()>().await;
                drop(landing);
            })
            .unwrap();
        assert_eq!(flights.join(9, |_| async {}).unwrap_err(), Full);
        gate.add_permits(1);
        for wait in waiting {
            assert_eq!(wait.await.unwrap(), Some(7));
        }
        assert_eq!(runs.load(Ordering::Relaxed), 1);
        while flights.running.lock().len() > 1 {
            tokio::task::yield_now().await;
        }
        drop(other);
    }

    #[tokio::test]
    async fn work_that_dies_leaves_nothing_behind() {
        let flights: Flights<u8, u8> = Flights::new(1);
        let died = flights.join(1, |landing| async move { drop(landing) }).unwrap();
        assert_eq!(outcome(died).await, None);
        let again = flights.join(1, |landing| async move { landing.tell(2) }).unwrap();
        assert_eq!(outcome(again).await, Some(2));
    }
}
