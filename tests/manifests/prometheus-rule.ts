import { only, readObjects } from "./objects.ts";

/** An alert. Source: https://prometheus.io/docs/prometheus/latest/configuration/alerting_rules/ */
export interface Alert {
  readonly alert: string;
  readonly expr: string;
  readonly for?: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
}

export interface RuleGroups {
  readonly groups: readonly { readonly name: string; readonly rules: readonly Alert[] }[];
}

/** The rules, as a rule file of Prometheus has them. */
export const ruleGroups = (): RuleGroups =>
  only(readObjects("monitoring/prometheus-rule.yaml"), "PrometheusRule").spec as RuleGroups; // the schema test holds its shape

export const alerts = (): readonly Alert[] => ruleGroups().groups.flatMap(({ rules }) => rules);
