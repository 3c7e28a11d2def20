// What surveillance and movement answer, as the API writes it.
export interface RNow { mean: number; low: number; high: number; above_one: number }
export interface RDay { day: string; mean: number; low: number; high: number }
export interface AreaSituation {
  area: string; name: string; level: string; residents: number; new_7d: number | null; before_7d: number; per_100k_7d: number | null; confirmed_7d: number; asymptomatic_7d: number; suspected_7d: number; dead_7d: number
  recovered_7d: number; imported_7d: number | null; tests_7d: number | null; positivity_7d: number | null; beds: number | null; beds_in_use: number | null; change: number | null; r: RNow | null; r_recent: RDay[]; worth: number; note: string
}
export interface FanDay { day: string; quantiles: Record<string, number> }
export interface Situation {
  as_of: string; hazard: string | null; area: string; complete_to: string | null; sentence: { en: string; zh: string }; areas: AreaSituation[]; curve: { day: string; new: number | null }[]
  fan: FanDay[]; earlier: { until: string; days: FanDay[]; held: number | null }[]; notes: string[]
}
export interface Gate {
  gate: string; name: string; kind: string; area: string; area_name: string; day: string; days_late: number; arrived: number | null; departed: number | null; vehicles: number | null; checked: number | null
  from_risk_areas: number | null; positive: number | null; turned_back: number | null; checked_share: number | null; usual: number | null; change: number | null; recent: (number | null)[]; hidden: boolean
}
export interface Gates { items: Gate[]; day: string | null; arrived: number; departed: number; vehicles: number; from_risk_areas: number; positive: number; turned_back: number; late: number; hidden: number }
export interface Control {
  items: { area: string; name: string; level: string; residents: number; measures: { measure: string; incident: string; level: string | null; since: string }[]; gates: number; arrived: number | null; turned_back: number | null }[]
  measures: { measure: string; areas: number; residents: number }[]; residents: number
}
export interface Sums { area: string; area_name: string; groups: number; arrived: number; in_quarantine: number; released: number; handed_on: number; unaccounted: number }
export interface Group {
  group: string; hazard: string; area: string; area_name: string; origin: string; gate: string | null; day: string; arrived: number | null; in_quarantine: number | null; released: number | null
  handed_on: number | null; unaccounted: number | null; told: string | null; due: string | null; overdue: boolean; state: 'awaited' | 'accounted' | 'missing'; alarm: boolean; hidden: boolean
}
export interface Transferred { items: Group[]; areas: Sums[]; sums: Sums; alarms: number; awaited: number; hidden: number }
interface Totals { day: string | null; gates: number; late: number; arrived: number; departed: number; from_risk_areas: number; positive: number }
export interface MovementOverview { sentence: { en: string; zh: string }; areas: AreaSituation[]; hubs: Totals; roads: Totals; transferred: Sums; alarms: number; controlled_areas: number; controlled_residents: number }
export interface CityInterval { mean: number | null; median: number | null; low_90: number | null; high_90: number | null }
export interface Between {
  city: string; rank: number; population: number; arrival_day: CityInterval; first_import_day: CityInterval; probability: number; imports_7: CityInterval; imports_14: CityInterval; cases_14: CityInterval; cases: CityInterval
  effective_distance: number | null
}
export interface CitiesRun { cities: Between[]; order: string[]; seed_city: string; days: number; runs: number; basis: string; notes: string[] }
export interface KeptCities { made_at: string; r: number; as_asked: CitiesRun; with_half: CitiesRun }
