//! Days and seconds as people and signatures write them, in UTC.

/// A moment of the Gregorian calendar, in UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[allow(missing_docs)]
pub struct Civil {
    pub year: u64,
    pub month: u64,
    pub day: u64,
    pub hour: u64,
    pub minute: u64,
    pub second: u64,
}

impl Civil {
    /// The moment that many seconds after 1970 began.
    ///
    /// ```
    /// use yunkit_core::civil::Civil;
    ///
    /// let leap = Civil::from_unix(951_782_400);
    /// assert_eq!((leap.year, leap.month, leap.day, leap.hour), (2000, 2, 29, 0));
    /// ```
    pub const fn from_unix(seconds: u64) -> Self {
        let (days, rest) = (seconds / 86_400, seconds % 86_400);
        // After Howard Hinnant's `civil_from_days`: years begin in March, so that leap days are last.
        let shifted = days + 719_468;
        let era = shifted / 146_097;
        let day_of_era = shifted % 146_097;
        let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
        let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let from_march = (5 * day_of_year + 2) / 153;
        let month = if from_march < 10 { from_march + 3 } else { from_march - 9 };
        Self {
            year: year_of_era + era * 400 + if month <= 2 { 1 } else { 0 },
            month,
            day: day_of_year - (153 * from_march + 2) / 5 + 1,
            hour: rest / 3600,
            minute: rest / 60 % 60,
            second: rest % 60,
        }
    }

    /// The seconds since 1970 began; nothing for an earlier moment, or one that no calendar has.
    pub const fn to_unix(self) -> Option<u64> {
        let valid = self.year >= 1970 && self.year < 10_000 && self.month >= 1 && self.month <= 12 && self.day >= 1;
        if !valid || self.hour > 23 || self.minute > 59 || self.second > 60 {
            return None;
        }
        let year = if self.month <= 2 { self.year - 1 } else { self.year };
        let from_march = if self.month > 2 { self.month - 3 } else { self.month + 9 };
        let day_of_year = (153 * from_march + 2) / 5 + self.day - 1;
        let year_of_era = year % 400;
        let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
        let days = year / 400 * 146_097 + day_of_era - 719_468;
        // The 31st of a short month would be a day of the next one.
        if Self::from_unix(days * 86_400).day != self.day {
            return None;
        }
        Some(days * 86_400 + self.hour * 3600 + self.minute * 60 + self.second)
    }

    /// Reads `2026-01-02T03:04:05Z`, with or without fractions and with an offset such as `+08:00`, and answers the seconds
    /// since 1970. A time without an offset is taken for UTC.
    ///
    /// ```
    /// use yunkit_core::civil::Civil;
    ///
    /// assert_eq!(Civil::parse_unix("2026-01-02T03:04:05.678000Z"), Some(1_767_323_045));
    /// assert_eq!(Civil::parse_unix("2026-01-02T11:04:05+08:00"), Some(1_767_323_045));
    /// assert_eq!(Civil::parse_unix("2026-02-30T00:00:00Z"), None);
    /// ```
    pub fn parse_unix(text: &str) -> Option<u64> {
        let text = text.trim();
        let (head, rest) = (text.get(..19)?, text.get(19..)?);
        let separators = [(4, b'-'), (7, b'-'), (13, b':'), (16, b':')];
        let bytes = head.as_bytes();
        if separators.iter().any(|(at, expected)| bytes[*at] != *expected)
            || !matches!(bytes[10], b'T' | b't' | b' ')
        {
            return None;
        }
        let number = |from: usize, to: usize| -> Option<u64> {
            let digits = head.get(from..to)?;
            digits.bytes().all(|b| b.is_ascii_digit()).then(|| digits.parse().ok())?
        };
        let moment = Self {
            year: number(0, 4)?,
            month: number(5, 7)?,
            day: number(8, 10)?,
            hour: number(11, 13)?,
            minute: number(14, 16)?,
            second: number(17, 19)?,
        };
        let seconds = moment.to_unix()?;
        let offset = match rest.strip_prefix('.') {
            Some(fraction) => fraction.trim_start_matches(|c: char| c.is_ascii_digit()),
            None => rest,
        };
        match offset {
            "" | "Z" | "z" => Some(seconds),
            offset => {
                let (hours, minutes) = (offset.get(1..3)?, offset.get(3..)?.trim_start_matches(':'));
                let digits = |text: &str| text.parse::<u64>().ok().filter(|number| *number < 60);
                let away = digits(hours)? * 3600 + digits(minutes)? * 60;
                match offset.get(..1)? {
                    "+" => seconds.checked_sub(away),
                    "-" => seconds.checked_add(away),
                    _ => None,
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Civil;

    #[test]
    fn every_day_of_four_centuries_goes_there_and_back() {
        for day in 0..400 * 366 {
            let seconds = day * 86_400 + day % 86_400;
            assert_eq!(Civil::from_unix(seconds).to_unix(), Some(seconds));
        }
    }

    #[test]
    fn what_is_no_time_is_nothing() {
        for text in [
            "",
            "2026-01-02",
            "2026-13-01T00:00:00Z",
            "2026-00-01T00:00:00Z",
            "2026-01-02T24:00:00Z",
            "x026-01-02T00:00:00Z",
            "2026-01-02T03:04:05Q",
            "1969-12-31T23:59:59Z",
            "2026-01-02T03:04:05+",
            "é026-01-02T03:04:05Z",
        ] {
            assert_eq!(Civil::parse_unix(text), None, "{text}");
        }
    }
}
