//! Fields that are numbers and times.

use super::Sink;
use crate::data::error::{DataError, Position, Role};
use crate::data::numbers::{parse_weight, short_whole};
use crate::data::time_text::{TimeFault, kind_of, time_of};
use crate::data::times::TimeKind;

impl Sink<'_> {
    /// A rating field.
    pub(in crate::data) fn weight(&self, at: Position, field: &[u8]) -> Result<f32, DataError> {
        let field = field.trim_ascii();
        parse_weight(field)
            .or_else(|fault| {
                let with_point = self.with_point(field).ok_or(fault)?;
                parse_weight(with_point.as_bytes())
            })
            .or_else(|fault| match self.weight_is_likely() {
                true => Ok(self.no_rating()),
                false => Err(self.number_error(at, Role::Weight, fault, field)),
            })
    }

    /// A timestamp field, in seconds or in whatever unit the log's numbers have.
    #[inline]
    pub(in crate::data) fn timestamp(
        &mut self,
        at: Position,
        field: &[u8],
    ) -> Result<i64, DataError> {
        let field = field.trim_ascii();
        if self.time_kind == Some(TimeKind::Numbers)
            && let Some(number) = short_whole(field)
        {
            return Ok(number);
        }
        self.other_timestamp(at, field)
    }

    pub(super) fn other_timestamp(&mut self, at: Position, field: &[u8]) -> Result<i64, DataError> {
        let with_point = self.with_point(field);
        let field = with_point.as_deref().map_or(field, str::as_bytes);
        let format = self.time_format;
        let kind = self.time_kind.or_else(|| kind_of(field, format));
        let time = kind.map(|kind| time_of(field, kind, format));
        let time = time.unwrap_or(Err(TimeFault::Neither));
        let time = time.map_err(|fault| self.time_error(at, fault, field))?;
        if let (None, Some(kind)) = (self.time_kind, kind) {
            self.begin_times(kind);
        }
        Ok(time)
    }

    /// A number with its decimal comma as a point. Of `1,234` it is not certain that the comma is one.
    pub(super) fn with_point(&self, field: &[u8]) -> Option<String> {
        let text = str::from_utf8(field).ok().filter(|_| self.decimal_commas)?;
        let (whole, part) = text.split_once(',')?;
        let before = whole.trim_start_matches('-');
        let may_be_thousands = part.len() == 3 && before.len() <= 3 && before != "0";
        let is_number = part.bytes().all(|byte| byte.is_ascii_digit()) && !part.is_empty();
        (is_number && !may_be_thousands).then(|| format!("{whole}.{part}"))
    }
}
