import tenure from "./index.js";

export const { open, Access, Effect, TenureError, InvalidPolicy, Refused, Fault } = tenure;
