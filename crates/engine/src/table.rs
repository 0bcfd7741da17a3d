//! Values by number.
//!
//! Knows which numbers are in use. A number is reused only after two thousand million others, so a stale number
//! refers to no value. Does not know the values.

use std::rc::Rc;

/// Values of one kind, each with a number below 2³¹, which JavaScript engines store without allocating memory.
#[derive(Debug)]
pub struct Table<T> {
    /// The lowest bits of a number are its place. The length is a power of two, or 0.
    places: Vec<Option<(u32, Rc<T>)>>,
    used: usize,
    next: u32,
}

impl<T> Table<T> {
    /// Creates a table without values.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            places: Vec::new(),
            used: 0,
            next: 0,
        }
    }

    /// Inserts a value. Returns its number.
    pub fn insert(&mut self, value: Rc<T>) -> u32 {
        // With a quarter of the places free, the search for a free place is short.
        if self.used * 4 >= self.places.len() * 3 {
            self.grow();
        }
        loop {
            let number = self.next;
            self.next = (number + 1) % NUMBERS;
            let place = self.place(number);
            if let Some(free @ None) = self.places.get_mut(place) {
                *free = Some((number, value));
                self.used += 1;
                return number;
            }
        }
    }

    /// Returns the value with that number.
    #[inline]
    #[must_use]
    pub fn get(&self, number: u32) -> Option<&Rc<T>> {
        match self.places.get(self.place(number)) {
            Some(Some((own, value))) if *own == number => Some(value),
            _ => None,
        }
    }

    /// Removes the value with that number, and returns it.
    pub fn remove(&mut self, number: u32) -> Option<Rc<T>> {
        self.get(number)?;
        let place = self.place(number);
        let (_, value) = self.places.get_mut(place)?.take()?;
        self.used -= 1;
        Some(value)
    }

    /// Returns the number of values.
    #[must_use]
    pub fn len(&self) -> usize {
        self.used
    }

    /// Returns whether the table has no values.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.used == 0
    }

    #[inline]
    fn place(&self, number: u32) -> usize {
        number as usize & self.places.len().wrapping_sub(1)
    }

    /// Doubles the places. Numbers with different lowest bits still have different places.
    fn grow(&mut self) {
        let length = (self.places.len() * 2).max(FEW);
        let before = std::mem::take(&mut self.places);
        self.places.resize_with(length, || None);
        for one in before.into_iter().flatten() {
            let place = self.place(one.0);
            if let Some(free) = self.places.get_mut(place) {
                *free = Some(one);
            }
        }
    }
}

impl<T> Default for Table<T> {
    fn default() -> Self {
        Self::new()
    }
}

/// The count of possible numbers: a multiple of every length of `places`.
const NUMBERS: u32 = 1 << 31;
const FEW: usize = 16;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_finds_exactly_the_values_in_use() {
        let mut table = Table::new();
        assert_eq!(table.get(0), None);
        let numbers: Vec<u32> = (0..100).map(|value| table.insert(Rc::new(value))).collect();
        for (value, &number) in (0..).zip(&numbers) {
            assert_eq!(table.get(number).map(|found| **found), Some(value));
        }
        assert_eq!(table.len(), 100);
        for number in [100, 1 << 20, u32::MAX] {
            assert_eq!(table.get(number), None, "{number}");
        }
    }

    #[test]
    fn a_stale_number_finds_nothing_after_many_insertions() {
        let mut table = Table::new();
        let stale = table.insert(Rc::new(0));
        assert!(table.remove(stale).is_some());
        for value in 0..10_000 {
            assert!(table.remove(stale).is_none(), "{value}");
            let number = table.insert(Rc::new(value));
            assert_eq!(table.get(stale), None, "{value}");
            assert_eq!(table.remove(number).as_deref(), Some(&value));
        }
        assert!(table.is_empty());
        assert_eq!(table.places.len(), FEW, "places are reused");
    }

    #[test]
    fn values_keep_their_numbers_while_others_are_added_and_removed() {
        let mut table = Table::new();
        let mut staying = Vec::new();
        for value in 0..5_000_u32 {
            let number = table.insert(Rc::new(value));
            if value % 7 == 0 {
                staying.push((number, value));
            } else {
                table.remove(number);
            }
        }
        assert_eq!(table.len(), staying.len());
        for (number, value) in staying {
            assert_eq!(table.get(number).map(|found| **found), Some(value));
        }
    }

    #[test]
    fn numbers_wrap_around_and_skip_numbers_in_use() {
        let mut table = Table::new();
        let first = table.insert(Rc::new("first"));
        table.next = NUMBERS - 1;
        let last = table.insert(Rc::new("last"));
        let second = table.insert(Rc::new("second"));
        assert_eq!((first, last, second), (0, NUMBERS - 1, 1));
    }
}
