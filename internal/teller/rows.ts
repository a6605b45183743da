import type { DepositInfo } from "#internal/book";
import type { DepositRow } from "./types.ts";

/** marksOf lists the marks beside a deposit's status. */
function marksOf(info: DepositInfo): string[] {
  return [
    ...(info.held === "" ? [] : [`held: ${info.held}`]),
    ...(info.reversed ? ["reversed"] : []),
    ...(info.replaced_by === "" ? [] : [`replaced by ${info.replaced_by}`]),
  ];
}

/** depositRow shows a row of `deposit_info` with the documented fields, and its marks. */
export function depositRow(info: DepositInfo): DepositRow {
  const { seq, updated_at, status, coin_type, sky_address, buy_method, deposit_address, deposit_id, txid } =
    info;
  return {
    ...{ seq, updated_at, status, coin_type, sky_address, buy_method, deposit_address, deposit_id, txid },
    conversion_rate: info.conversion_rate,
    deposit_value: info.deposit_value,
    sky_sent: info.sky_sent,
    passthrough: { ...info.passthrough },
    error: info.error,
    marks: marksOf(info),
    deposit: info.deposit,
  };
}
