//! Groups of users by how many train items they have.

/// The label of a group and the positions of its users.
pub(super) type Group = (String, Vec<usize>);

/// Quartiles of `degrees`, least active first, each labelled with its range. Users of equal degree share a group,
/// so groups may differ in size and there may be fewer than four.
pub(super) fn quartiles(degrees: &[usize]) -> Vec<Group> {
    let mut sorted = degrees.to_vec();
    sorted.sort_unstable();
    let Some(last) = sorted.len().checked_sub(1) else {
        return Vec::new();
    };
    let cuts: Vec<usize> = (1..4).map(|quarter| sorted[(last * quarter) / 4]).collect();
    let mut groups: Vec<Vec<usize>> = vec![Vec::new(); 4];
    for (position, &degree) in degrees.iter().enumerate() {
        groups[cuts.iter().filter(|&&cut| cut < degree).count()].push(position);
    }
    groups.retain(|group| !group.is_empty());
    groups
        .into_iter()
        .map(|group| (label(&group, degrees), group))
        .collect()
}

fn label(group: &[usize], degrees: &[usize]) -> String {
    let range = group.iter().map(|&position| degrees[position]);
    let (low, high) = range.fold((usize::MAX, 0), |(low, high), d| (low.min(d), high.max(d)));
    match (low, high) {
        (1, 1) => "1 train item".to_owned(),
        (low, high) if low == high => format!("{low} train items"),
        (low, high) => format!("{low}-{high} train items"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quarters_of_distinct_degrees() {
        let groups = quartiles(&[8, 1, 2, 7, 3, 6, 4, 5]);
        let labels: Vec<&str> = groups.iter().map(|(label, _)| &**label).collect();
        assert_eq!(
            labels,
            [
                "1-2 train items",
                "3-4 train items",
                "5-6 train items",
                "7-8 train items"
            ]
        );
        assert_eq!(groups[0].1, [1, 2]);
    }

    #[test]
    fn equal_degrees_stay_together() {
        let groups = quartiles(&[1, 1, 1, 1, 1, 1, 1, 9]);
        let found: Vec<(&str, usize)> = groups.iter().map(|(l, g)| (&**l, g.len())).collect();
        assert_eq!(found, [("1 train item", 7), ("9 train items", 1)]);
        assert!(quartiles(&[]).is_empty());
    }
}
