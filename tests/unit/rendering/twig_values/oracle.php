<?php
// Reads {"job": [cases]} from standard input and answers with PHP's own results, in the same order.
ini_set("serialize_precision", "17");
const SHOWN = "Y-m-d H:i:s P T e I";

function attempt(callable $work): string
{
    try {
        return (string) $work();
    } catch (\Throwable $error) {
        return "error: " . $error->getMessage();
    }
}

$jobs = [
    "parse" => fn ($c) => (new DateTimeImmutable($c[0], new DateTimeZone($c[1])))->format(SHOWN),
    "modify" => fn ($c) => (($moved = @(new DateTimeImmutable($c[0]))->modify($c[1])) ? $moved->format(SHOWN) : "refused"),
    "format" => fn ($c) => (new DateTimeImmutable($c[0]))->format($c[1]),
    "diff" => fn ($c) => (new DateTimeImmutable($c[0]))->diff(new DateTimeImmutable($c[1]))->format("%R %y %m %d %h %i %s %a"),
    "interval" => fn ($c) => (new DateInterval($c[0]))->format("%y %m %d %h %i %s %% %Y-%M-%D %H:%I:%S %R%r %a"),
    "sprintf" => fn ($c) => @sprintf($c[0], ...$c[1]),
    "number_format" => fn ($c) => number_format((float) $c[0], $c[1], $c[2], $c[3]),
    "round" => fn ($c) => bin2hex(pack("E", round((float) $c[0], $c[1]))),
    "icu_date" => fn ($c) => (new IntlDateFormatter($c[1], $c[2], $c[3], $c[4]))->format(new DateTimeImmutable($c[0])),
    "icu_pattern" => fn ($c) => (new IntlDateFormatter($c[1], -1, -1, $c[3], null, $c[2]))->format(new DateTimeImmutable($c[0])),
    "icu_number" => fn ($c) => (new NumberFormatter($c[1], $c[2]))->format($c[0]),
    "icu_amount" => fn ($c) => (new NumberFormatter($c[1], NumberFormatter::CURRENCY))->formatCurrency($c[0], $c[2]),
];

$answers = ["now" => time(), "intl" => extension_loaded("intl") ? INTL_ICU_VERSION : ""];
foreach (json_decode(stream_get_contents(STDIN), true) as $job => $cases) {
    if (str_starts_with($job, "icu_") && !extension_loaded("intl")) {
        continue;
    }
    $answers[$job] = array_map(fn ($case) => attempt(fn () => $jobs[$job]($case)), $cases);
}
echo json_encode($answers, JSON_INVALID_UTF8_SUBSTITUTE);
