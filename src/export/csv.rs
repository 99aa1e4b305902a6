//! Lists as comma-separated values with a header.

use super::destination::Output;
use super::error::ExportError;
use crate::inference::UserList;

pub(super) struct CsvWriter {
    csv: csv::Writer<Output>,
    name: String,
    with_titles: bool,
}

impl CsvWriter {
    pub(super) fn new(output: Output, with_titles: bool) -> Result<Self, ExportError> {
        let name = output.name().to_owned();
        let mut writer = Self {
            csv: csv::Writer::from_writer(output),
            name,
            with_titles,
        };
        writer.row(["user", "rank", "item", "score"], "title", "source")?;
        Ok(writer)
    }

    pub(super) fn write(&mut self, lists: &[UserList]) -> Result<(), ExportError> {
        for list in lists {
            for place in &list.items {
                let (rank, score) = (place.rank.to_string(), place.score.to_string());
                let title = place.title.as_deref().unwrap_or("");
                let cells = [&*list.user, &rank, &place.item, &score];
                self.row(cells, title, list.source.name())?;
            }
        }
        Ok(())
    }

    fn row(&mut self, cells: [&str; 4], title: &str, source: &str) -> Result<(), ExportError> {
        let [user, rank, item, score] = cells;
        match self.with_titles {
            true => self.record(&[user, rank, item, score, title, source]),
            false => self.record(&[user, rank, item, score, source]),
        }
    }

    fn record(&mut self, cells: &[&str]) -> Result<(), ExportError> {
        self.csv
            .write_record(cells)
            .map_err(|error| ExportError::Write {
                path: self.name.clone(),
                source: error.into(),
            })
    }

    pub(super) fn is_closed(&self) -> bool {
        self.csv.get_ref().is_closed()
    }

    pub(super) fn finish(self) -> Result<(), ExportError> {
        let path = self.name;
        let output = self.csv.into_inner().map_err(|error| ExportError::Write {
            path,
            source: error.into_error(),
        })?;
        output.finish()
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use crate::export::ListFormat;
    use crate::export::recommendations::fixture::written;

    #[test]
    fn lines_with_and_without_titles() {
        let text = |titles| String::from_utf8(written(ListFormat::Csv, titles)).unwrap();
        assert_eq!(
            text(false),
            "user,rank,item,score,source\nanna,1,x,1.5,model\nanna,2,y,0.1,model\n7,1,x,-2,popularity\n"
        );
        let titled = "user,rank,item,score,title,source\nanna,1,x,1.5,\"Me, \"\"You\"\"\",model\n\
                      anna,2,y,0.1,,model\n7,1,x,-2,,popularity\n";
        assert_eq!(text(true), titled);
    }
}
