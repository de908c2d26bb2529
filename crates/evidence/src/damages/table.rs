//! How does a schedule look as a table? CSV (RFC 4180), a row a line, a column a defendant, the sums below.

use super::{Schedule, Sum};
use ringfence_domain::Currency;

/// An amount in minor units as a decimal number.
pub fn decimal(amount: i64, currency: Currency) -> String {
    let digits = currency.minor_digits() as usize;
    let sign = if amount < 0 { "-" } else { "" };
    let size = amount.unsigned_abs();
    if digits == 0 {
        return format!("{sign}{size}");
    }
    let unit = 10_u64.pow(digits as u32);
    format!("{sign}{}.{:0digits$}", size / unit, size % unit)
}

/// The schedule as CSV.
pub fn csv(schedule: &Schedule) -> Vec<u8> {
    let currency = schedule.currency;
    let money = |amount: i64| decimal(amount, currency);
    let mut rows = crate::rows::Rows::new();
    let mut head: Vec<String> = [
        "line",
        "class",
        "basis",
        "about",
        "exhibit",
        "date",
        "original",
        "original_currency",
        "rate",
        "amount",
        "days",
        "interest",
        "with_interest",
        "joint_and_several",
    ]
    .map(str::to_owned)
    .to_vec();
    head.extend(schedule.owed.iter().map(|o| format!("share {}", o.defendant)));
    rows.push(&head);
    for line in &schedule.lines {
        let mut row = vec![
            line.id.clone(),
            line.class.as_str().to_owned(),
            line.basis.words().to_owned(),
            line.about.clone(),
            line.exhibit.clone(),
            line.on.to_string(),
            decimal(line.original.amount, line.original.currency),
            line.original.currency.to_string(),
            line.rate.clone().unwrap_or_else(|| "1".to_owned()),
            money(line.amount),
            line.days.to_string(),
            money(line.interest),
            money(line.amount + line.interest),
            if line.joint_and_several { "yes" } else { "no" }.to_owned(),
        ];
        row.extend(schedule.owed.iter().map(|owed| {
            let share = line.shares.iter().find(|s| s.defendant == owed.defendant);
            share.map_or_else(|| money(0), |s| money(s.amount + s.interest))
        }));
        rows.push(&row);
    }
    let mut sum_row = |name: &str, sum: Sum, shares: Vec<String>| {
        let mut row = vec![String::new(); 14];
        name.clone_into(&mut row[0]);
        (row[9], row[11], row[12]) = (money(sum.amount), money(sum.interest), money(sum.all()));
        row.extend(shares);
        rows.push(&row);
    };
    let none = vec![String::new(); schedule.owed.len()];
    for (class, sum) in &schedule.classes {
        sum_row(&format!("sum {}", class.as_str()), *sum, none.clone());
    }
    sum_row("total", schedule.total, schedule.owed.iter().map(|o| money(o.share.all())).collect());
    rows.into_bytes()
}
