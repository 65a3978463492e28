//! Work that many ask for at once is done once.
//!
//! Whoever asks while the same is being made waits for it, and gets what is made after that: one making for all
//! who came meanwhile. Nobody is given what was begun before they asked, so that what they know to have happened
//! is in it.

use std::collections::HashMap;
use std::future::Future;
use std::hash::Hash;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

/// As many are remembered as are being made or waited for.
pub struct Flights<K: Eq + Hash + Clone, V: Clone> {
    /// Counts who came and what was begun, so that the order of the two can be told.
    moments: AtomicU64,
    under_way: Mutex<HashMap<K, Arc<Flight<V>>>>,
}

/// What was made last, and when that was begun; locked while it is being made.
type Flight<V> = tokio::sync::Mutex<Option<Made<V>>>;

struct Made<V> {
    begun_at: u64,
    value: V,
}

impl<K: Eq + Hash + Clone, V: Clone> Flights<K, V> {
    pub fn new() -> Flights<K, V> {
        Flights {
            moments: AtomicU64::new(0),
            under_way: Mutex::default(),
        }
    }

    /// What `make` gives, or what it gave another who asked for the same, begun after this call.
    pub async fn share<F: Future<Output = V>>(&self, key: K, make: impl FnOnce() -> F) -> V {
        let came_at = self.moment();
        let seat = self.seat(key);
        let mut made = seat.flight.lock().await;
        if let Some(last) = made.as_ref().filter(|last| last.begun_at > came_at) {
            return last.value.clone();
        }
        let begun_at = self.moment();
        let value = make().await;
        *made = Some(Made {
            begun_at,
            value: value.clone(),
        });
        value
    }

    fn moment(&self) -> u64 {
        self.moments.fetch_add(1, Ordering::SeqCst)
    }

    fn seat(&self, key: K) -> Seat<'_, K, V> {
        let mut under_way = self
            .under_way
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let flight = Arc::clone(under_way.entry(key.clone()).or_default());
        Seat {
            flights: self,
            key,
            flight,
        }
    }
}

/// Holds a flight until whoever asked has it, or has gone; the last one takes it away.
struct Seat<'a, K: Eq + Hash + Clone, V: Clone> {
    flights: &'a Flights<K, V>,
    key: K,
    flight: Arc<Flight<V>>,
}

impl<K: Eq + Hash + Clone, V: Clone> Drop for Seat<'_, K, V> {
    fn drop(&mut self) {
        let mut under_way = self
            .flights
            .under_way
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        // Seats are given out under this lock: two holders are the map and this one.
        if Arc::strong_count(&self.flight) <= 2 {
            under_way.remove(&self.key);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::pin::{Pin, pin};
    use std::task::{Context, Poll, Waker};

    use tokio::sync::oneshot;

    use super::*;

    fn poll<T>(waiting: Pin<&mut impl Future<Output = T>>) -> Poll<T> {
        waiting.poll(&mut Context::from_waker(Waker::noop()))
    }

    /// A making that ends when it is told what it gives.
    fn made() -> (oneshot::Sender<u32>, impl Future<Output = u32>) {
        let (tell, told) = oneshot::channel();
        (tell, async move { told.await.unwrap() })
    }

    async fn never() -> u32 {
        unreachable!("it is made once for all who came meanwhile")
    }

    #[test]
    fn all_who_come_while_it_is_made_share_the_next() {
        let flights = Flights::new();
        let (first_tell, first) = made();
        let (next_tell, next) = made();
        let mut a = pin!(flights.share("feed", || first));
        assert!(poll(a.as_mut()).is_pending());
        let mut b = pin!(flights.share("feed", || next));
        let mut c = pin!(flights.share("feed", never));
        assert!(poll(b.as_mut()).is_pending());
        assert!(poll(c.as_mut()).is_pending());
        first_tell.send(1).unwrap();
        assert_eq!(poll(a.as_mut()), Poll::Ready(1));
        // What was begun before they came is not theirs.
        assert!(poll(b.as_mut()).is_pending());
        assert!(poll(c.as_mut()).is_pending());
        next_tell.send(2).unwrap();
        assert_eq!(poll(b.as_mut()), Poll::Ready(2));
        assert_eq!(poll(c.as_mut()), Poll::Ready(2));
    }

    #[test]
    fn who_asks_when_all_is_over_or_for_something_else_has_it_made() {
        let flights = Flights::new();
        for value in [1, 2] {
            let mut asking = pin!(flights.share("feed", || std::future::ready(value)));
            assert_eq!(poll(asking.as_mut()), Poll::Ready(value));
        }
        let (_tell, pending) = made();
        let mut a = pin!(flights.share("feed", || pending));
        assert!(poll(a.as_mut()).is_pending());
        let mut b = pin!(flights.share("page", || std::future::ready(3)));
        assert_eq!(poll(b.as_mut()), Poll::Ready(3));
    }

    #[test]
    fn who_gives_up_leaves_the_making_to_the_next() {
        let flights = Flights::new();
        let (_tell, pending) = made();
        {
            let mut a = pin!(flights.share("feed", || pending));
            assert!(poll(a.as_mut()).is_pending());
        }
        assert!(flights.under_way.lock().unwrap().is_empty());
        let mut b = pin!(flights.share("feed", || std::future::ready(4)));
        assert_eq!(poll(b.as_mut()), Poll::Ready(4));
    }
}
