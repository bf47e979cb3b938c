//! Chance that can be repeated: the same seed tells the same story, on every machine.

/// A stream of numbers (SplitMix64).
pub(super) struct Chance(u64);

impl Chance {
    /// The stream `stream` of the item `index` under `seed`.
    pub(super) fn of(seed: u64, index: u64, stream: u64) -> Chance {
        let mut chance = Chance(seed ^ index.wrapping_mul(0xd1b5_4a32_d192_ed03) ^ stream.rotate_left(32));
        chance.next();
        chance
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// One of 0, 1, … `below` - 1.
    pub(super) fn below(&mut self, below: usize) -> usize {
        let below = u64::try_from(below).unwrap_or(u64::MAX).max(1);
        usize::try_from(self.next() % below).unwrap_or(0)
    }

    /// One of them.
    pub(super) fn pick<'a, T>(&mut self, of: &'a [T]) -> &'a T {
        &of[self.below(of.len())]
    }

    /// True so many times of a hundred.
    pub(super) fn percent(&mut self, percent: usize) -> bool {
        self.below(100) < percent
    }

    /// From `low` to `high`, the lower the likelier.
    pub(super) fn between(&mut self, low: i64, high: i64) -> i64 {
        let span = usize::try_from(high - low + 1).unwrap_or(1);
        let one = self.below(span).min(self.below(span));
        low + i64::try_from(one).unwrap_or(0)
    }
}
