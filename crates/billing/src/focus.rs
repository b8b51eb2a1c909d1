//! A bill as CSV in the columns of the FinOps Open Cost and Usage Specification, FOCUS 1.0
//! (focus.finops.org), plus AWS's usage type and operation as `x_` columns of our own.
//!
//! One row for each line. Costs are what the list prices say: there are no discounts, so the billed,
//! effective, contracted and list cost are the same.

use std::io::Write;

use crate::bill::{Bill, BillLine};
use crate::{Error, Result};

/// Decimals of amounts and costs, as in AWS's own reports.
const DIGITS: u32 = 10;
const ISSUER: &str = "Gantry";
const CURRENCY: &str = "USD";

const COLUMNS: [&str; 45] = [
    "AvailabilityZone",
    "BilledCost",
    "BillingAccountId",
    "BillingAccountName",
    "BillingCurrency",
    "BillingPeriodEnd",
    "BillingPeriodStart",
    "ChargeCategory",
    "ChargeClass",
    "ChargeDescription",
    "ChargeFrequency",
    "ChargePeriodEnd",
    "ChargePeriodStart",
    "CommitmentDiscountCategory",
    "CommitmentDiscountId",
    "CommitmentDiscountName",
    "CommitmentDiscountStatus",
    "CommitmentDiscountType",
    "ConsumedQuantity",
    "ConsumedUnit",
    "ContractedCost",
    "ContractedUnitPrice",
    "EffectiveCost",
    "InvoiceIssuerName",
    "ListCost",
    "ListUnitPrice",
    "PricingCategory",
    "PricingQuantity",
    "PricingUnit",
    "ProviderName",
    "PublisherName",
    "RegionId",
    "RegionName",
    "ResourceId",
    "ResourceName",
    "ResourceType",
    "ServiceCategory",
    "ServiceName",
    "SkuId",
    "SkuPriceId",
    "SubAccountId",
    "SubAccountName",
    "Tags",
    "x_Operation",
    "x_UsageType",
];

/// A field as RFC 4180 has it.
fn quoted(field: &str) -> String {
    if field.contains(['"', ',', '\n', '\r']) {
        format!("\"{}\"", field.replace('"', "\"\""))
    } else {
        field.to_owned()
    }
}

fn value(bill: &Bill, line: &BillLine, column: &str) -> String {
    let labels = &line.labels;
    let cost = || line.cost.decimal(DIGITS);
    let price = || line.unit_price.decimal();
    match column {
        "BilledCost" | "ContractedCost" | "EffectiveCost" | "ListCost" => cost(),
        "ContractedUnitPrice" | "ListUnitPrice" => price(),
        "ConsumedQuantity" | "PricingQuantity" => line.amount.decimal(DIGITS),
        "ConsumedUnit" | "PricingUnit" => line.unit.clone(),
        "BillingAccountId" | "SubAccountId" => bill.account.to_string(),
        "BillingCurrency" => CURRENCY.to_owned(),
        "BillingPeriodStart" => bill.period.start().rfc3339(),
        "BillingPeriodEnd" => bill.period.end().rfc3339(),
        "ChargePeriodStart" => line.from.rfc3339(),
        "ChargePeriodEnd" => line.until.rfc3339(),
        "ChargeCategory" => "Usage".to_owned(),
        "ChargeFrequency" => "Usage-Based".to_owned(),
        "ChargeDescription" => line.description.clone(),
        "InvoiceIssuerName" | "ProviderName" | "PublisherName" => ISSUER.to_owned(),
        "PricingCategory" if labels.capacity_provider == "FARGATE_SPOT" => "Dynamic".to_owned(),
        "PricingCategory" => "Standard".to_owned(),
        "RegionId" | "RegionName" => labels.region.to_string(),
        "ResourceId" => labels.resource.clone(),
        "ResourceName" => labels.resource.rsplit('/').next().unwrap_or_default().to_owned(),
        "ResourceType" => "ECS task".to_owned(),
        "ServiceCategory" => "Compute".to_owned(),
        "ServiceName" => line.service.clone(),
        "SkuId" => line.usage_type.clone(),
        "SkuPriceId" => format!("{}/{}", line.usage_type, price()),
        "Tags" => serde_json::to_string(&labels.tags).unwrap_or_default(),
        "x_Operation" => line.operation.clone(),
        "x_UsageType" => line.usage_type.clone(),
        // Null in FOCUS: nothing is known, or it does not apply.
        _ => String::new(),
    }
}

/// Writes the header and one row for each line.
pub fn write_focus(bill: &Bill, out: &mut impl Write) -> Result<()> {
    let mut row = |fields: Vec<String>| {
        let text = fields.join(",");
        out.write_all(text.as_bytes()).and_then(|()| out.write_all(b"\r\n")).map_err(Error::Write)
    };
    row(COLUMNS.iter().map(|c| (*c).to_owned()).collect())?;
    bill.lines.iter().try_for_each(|line| row(COLUMNS.iter().map(|c| quoted(&value(bill, line, c))).collect()))
}
