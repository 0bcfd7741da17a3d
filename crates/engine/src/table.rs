//! Values by number.
//!
//! Knows which numbers are in use. A number comes again only after two thousand million others, so one that is no
//! longer in use finds nothing. Does not know what the values are.

use std::rc::Rc;

/// Values of one kind, each with a number below 2³¹: JavaScript engines keep those without memory of their own.
#[derive(Debug)]
pub struct Table<T> {
    /// A number's place is what its lowest bits say. A power of two of them, or none.
    places: Vec<Option<(u32, Rc<T>)>>,
    used: usize,
    next: u32,
}

impl<T> Table<T> {
    /// Without a value.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            places: Vec::new(),
            used: 0,
            next: 0,
        }
    }

    /// Takes a value in. Its number.
    pub fn insert(&mut self, value: Rc<T>) -> u32 {
        // With half of the places free, a walk past all of them finds as many free ones as others.
        if self.used * 2 >= self.places.len() {
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

    /// The value with that number.
    #[inline]
    #[must_use]
    pub fn get(&self, number: u32) -> Option<&Rc<T>> {
        match self.places.get(self.place(number)) {
            Some(Some((own, value))) if *own == number => Some(value),
            _ => None,
        }
    }

    /// Gives up a number. What it was the number of, if that is still there.
    pub fn remove(&mut self, number: u32) -> Option<Rc<T>> {
        self.get(number)?;
        let place = self.place(number);
        let (_, value) = self.places.get_mut(place)?.take()?;
        self.used -= 1;
        Some(value)
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.used
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.used == 0
    }

    #[inline]
    fn place(&self, number: u32) -> usize {
        number as usize & self.places.len().wrapping_sub(1)
    }

    /// Numbers that differ in their lowest bits differ in one more of them as well.
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

/// There are so many numbers: a multiple of every number of places that fits into memory.
const NUMBERS: u32 = 1 << 31;
const FEW: usize = 16;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_what_is_there_and_nothing_else() {
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
    fn a_stale_number_finds_nothing_however_many_came_since() {
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
        assert_eq!(table.places.len(), FEW, "places are used again");
    }

    #[test]
    fn those_that_stay_keep_their_numbers_while_others_come_and_go() {
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
    fn numbers_begin_anew_and_pass_over_those_in_use() {
        let mut table = Table::new();
        let first = table.insert(Rc::new("first"));
        table.next = NUMBERS - 1;
        let last = table.insert(Rc::new("last"));
        let second = table.insert(Rc::new("second"));
        assert_eq!((first, last, second), (0, NUMBERS - 1, 1));
    }
}
