//! A histogram of durations in constant memory, with percentiles accurate to 1 %.
//!
//! Counts in buckets: 128 for every power of two of nanoseconds. Does not read the clock.

use std::time::Duration;

const SUB_BITS: u32 = 7;
const SUB_BUCKETS: u64 = 1 << SUB_BITS;
/// The longest counted duration: 2^40 ns, 18 minutes. Longer durations count as this one.
const LONGEST: u64 = (1 << 40) - 1;

pub(crate) struct Latencies {
    buckets: Vec<u64>,
    count: u64,
    max: u64,
}

impl Latencies {
    pub(crate) fn new() -> Self {
        Self {
            buckets: vec![0; bucket(LONGEST) + 1],
            count: 0,
            max: 0,
        }
    }

    pub(crate) fn record(&mut self, duration: Duration) {
        let nanoseconds = u64::try_from(duration.as_nanos()).unwrap_or(LONGEST);
        let nanoseconds = nanoseconds.min(LONGEST);
        self.buckets[bucket(nanoseconds)] += 1;
        self.count += 1;
        self.max = self.max.max(nanoseconds);
    }

    /// Returns the duration that `percent` of all durations do not exceed, in microseconds; 0 if there are none.
    pub(crate) fn percentile(&self, percent: f64) -> f64 {
        let rank = ((percent / 100.0 * self.count as f64).ceil() as u64).max(1);
        let mut seen = 0;
        for (index, count) in self.buckets.iter().enumerate() {
            seen += count;
            if seen >= rank {
                return microseconds(last_of(index).min(self.max));
            }
        }
        microseconds(self.max)
    }

    pub(crate) fn max(&self) -> f64 {
        microseconds(self.max)
    }
}

fn bucket(nanoseconds: u64) -> usize {
    let bits = u64::BITS - nanoseconds.leading_zeros();
    let shift = bits.saturating_sub(SUB_BITS + 1);
    (u64::from(shift) * SUB_BUCKETS + (nanoseconds >> shift)) as usize
}

/// Returns the longest duration that a bucket counts.
fn last_of(index: usize) -> u64 {
    let index = index as u64;
    if index < 2 * SUB_BUCKETS {
        return index;
    }
    let shift = index / SUB_BUCKETS - 1;
    let start = (index - shift * SUB_BUCKETS) << shift;
    start + (1 << shift) - 1
}

fn microseconds(nanoseconds: u64) -> f64 {
    nanoseconds as f64 / 1000.0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(microseconds: impl IntoIterator<Item = u64>) -> Latencies {
        let mut latencies = Latencies::new();
        for value in microseconds {
            latencies.record(Duration::from_micros(value));
        }
        latencies
    }

    #[test]
    fn percentiles_are_accurate_to_one_percent() {
        let latencies = of(1..=10_000);
        for (percent, expected) in [
            (50.0, 5000.0),
            (90.0, 9000.0),
            (99.0, 9900.0),
            (100.0, 10_000.0),
        ] {
            let found = latencies.percentile(percent);
            assert!((found / expected - 1.0).abs() < 0.01, "{percent}: {found}");
        }
        assert_eq!(latencies.max(), 10_000.0);
    }

    #[test]
    fn one_slow_message_in_a_hundred_changes_the_maximum_and_not_p99() {
        let latencies = of([10; 99].into_iter().chain([5_000]));
        assert!(latencies.percentile(99.0) < 10.1);
        assert_eq!(latencies.max(), 5_000.0);
    }

    #[test]
    fn without_messages_all_figures_are_zero() {
        let latencies = of([]);
        assert_eq!((latencies.percentile(50.0), latencies.max()), (0.0, 0.0));
    }

    #[test]
    fn every_duration_is_in_the_bucket_that_ends_at_it_or_after_it() {
        let powers = (0..40).map(|power| 1_u64 << power);
        for value in powers.flat_map(|power| [power - 1, power, power + power / 3]) {
            let last = last_of(bucket(value));
            assert!(last >= value, "{value}: {last}");
            assert!(last - value <= value / 128, "{value}: {last}");
            assert_ne!(bucket(last + 1), bucket(value), "{value}");
        }
    }

    #[test]
    fn durations_beyond_the_last_bucket_still_count() {
        let mut latencies = Latencies::new();
        latencies.record(Duration::from_secs(86_400));
        assert_eq!(latencies.max(), microseconds(LONGEST));
        assert_eq!(latencies.percentile(50.0), microseconds(LONGEST));
    }
}
