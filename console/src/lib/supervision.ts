// What supervision answers, as the API writes it.
export interface FigureValue { id: string; title: string; value: number | null }
export interface ModuleLine {
  id: string; version: string; title: string; termination: number; about_persons: boolean; objects: number | null; late: number | null; never: number | null; defects: number | null
  figures: FigureValue[]; hidden: boolean
}
export interface CheckState { check: string; title: string; last_at: string | null; due_at: string | null; passed: boolean | null; missed: number; late: boolean }
export interface ObjectRow {
  object: string; name: string; kind: string; title: string; area: string; area_name: string; state: 'good' | 'late' | 'never'; heard_at: string | null; late_h: number; defects: number; checks: CheckState[]
}
export interface Coverage { items: ObjectRow[]; next: string | null; module: ModuleLine; refused: { foreign: number; faulty: number; out_of_time: number; bad_unit: number }; activation: string }
export interface DefectRow {
  id: string; module: string; object: string; kind: string; title: string; area: string; area_name: string; severity: 'advice' | 'warning' | 'alarm'; status: string; found: 'event' | 'edge' | 'check' | 'missing'
  department: string; began_at: string; opened_at: string; task: string; times: number; again_at: string[]
}
export interface FormField {
  name: string; kind: 'yes' | 'number' | 'choice' | 'text'; title: string; unit: string; least: number; most: number; choices: string[]; choices_zh: string[]; required: boolean
}
export interface Form { id: string; title: string; objects: string[]; fields: FormField[]; cadence_h: number | null }
export interface ModuleDoc { id: string; version: string; title: string; source: string; checks: Form[]; objects: { kind: string; title: string; facts?: string[] }[] }
