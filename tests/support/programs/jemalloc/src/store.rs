//! A shop whose sessions and audit trail leak; of the pages, only the recent ones are kept.

use std::collections::{HashMap, VecDeque};

#[derive(Default)]
pub struct Shop {
    sessions: HashMap<usize, Vec<u8>>,
    audit: Vec<Vec<u8>>,
    recent: VecDeque<Vec<u8>>,
}

impl Shop {
    pub fn login(&mut self, id: usize) {
        self.sessions.insert(id, vec![1; 4096]); // leaks a session
    }

    pub fn record(&mut self) {
        self.audit.push(vec![2; 3000]); // leaks a record
    }

    pub fn look(&mut self) {
        self.recent.push_back(vec![3; 4096]); // keeps pages
        if self.recent.len() > 4000 {
            self.recent.pop_front();
        }
    }
}
