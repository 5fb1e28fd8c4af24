/**
 * The functions that a query may call. An allow-list, not a deny-list: DuckDB has more than a
 * thousand names, each extension and each release adds some, and one that reads a file, a setting
 * or another text of SQL (read_text, getenv, current_setting, query, query_table, getvariable)
 * would be open until somebody noticed. Left out on purpose, beside those: `error`, which turns a
 * condition into a message; range, repeat, lpad, which make much out of little; random and now,
 * under which no answer can be checked again.
 */
const words = (text: string): string[] => text.split(/\s+/).filter(word => word !== '')

const OPERATORS = words(`+ - * / // % || ~~ !~~ ~~* !~~* ~~~ = <> < > <= >=`)
const ARITHMETIC = words(
  `abs ceil ceiling floor round trunc sign sqrt ln log log10 log2 exp pow power greatest
   least mod add subtract multiply divide fdiv fmod even isnan isfinite isinf`,
)
const TEXT = words(
  `lower upper lcase ucase trim ltrim rtrim length len strlen left right substr substring
   substring_grapheme left_grapheme right_grapheme length_grapheme replace concat concat_ws
   starts_with ends_with prefix suffix contains strpos instr position split_part
   string_split reverse translate regexp_matches regexp_full_match regexp_extract
   regexp_replace ascii chr unicode strip_accents like_escape not_like_escape ilike_escape
   not_ilike_escape levenshtein jaccard damerau_levenshtein nfc_normalize`,
)
const TIME = words(
  `date_part date_trunc date_diff datediff date_add date_sub datesub datepart datetrunc
   year month day quarter week weekday dayofweek dayofmonth dayofyear isodow isoyear
   yearweek hour minute second last_day make_date make_timestamp strftime try_strptime
   monthname dayname epoch epoch_ms epoch_us to_days to_months to_years to_weeks to_hours
   to_minutes to_seconds to_quarters age time_bucket timezone era century decade`,
)
const CHOICE =
  words(`ifnull nullif if coalesce typeof list_value struct_pack row struct_extract array_extract
   list_extract list_contains list_sum list_avg list_min list_max list_sort list_distinct
   array_length unnest map`)
const AGGREGATES = words(
  `count count_star sum avg mean min max median mode stddev stddev_samp stddev_pop var_samp
   var_pop variance corr covar_pop covar_samp regr_slope regr_intercept regr_r2 quantile
   quantile_cont quantile_disc approx_quantile approx_count_distinct any_value first last
   arg_min arg_max min_by max_by bool_and bool_or string_agg list array_agg skewness
   kurtosis entropy mad count_if sum_no_overflow product`,
)
const WINDOWS =
  words(`row_number rank dense_rank percent_rank cume_dist ntile lag lead first_value last_value
   nth_value rank_dense`)

export const FUNCTIONS: ReadonlySet<string> = new Set([
  ...OPERATORS,
  ...ARITHMETIC,
  ...TEXT,
  ...TIME,
  ...CHOICE,
  ...AGGREGATES,
  ...WINDOWS,
])

/** Aggregates of which an answer is no one row's value; all that an export may use. */
export const MIXING: ReadonlySet<string> = new Set(words(`count count_star sum avg mean`))

export const AGGREGATE_NAMES: ReadonlySet<string> = new Set(AGGREGATES)

/** Types to cast to. No ENUM and no named type: those are looked up in a catalogue. */
export const CAST_TYPES: ReadonlySet<string> = new Set(
  words(`BOOLEAN TINYINT SMALLINT INTEGER BIGINT HUGEINT UTINYINT USMALLINT UINTEGER UBIGINT
   FLOAT DOUBLE DECIMAL VARCHAR DATE TIME TIMESTAMP INTERVAL`),
)
