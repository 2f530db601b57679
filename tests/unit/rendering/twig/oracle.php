<?php
// Renders JSON lines with the installed Twig: {"templates", "main", "context", "strict"} -> {"output"} or {"error", "line"}.
error_reporting(0);
require '/usr/share/php/Twig/autoload.php';
date_default_timezone_set('UTC');
while (false !== ($line = fgets(STDIN))) {
    $case = json_decode($line, true);
    try {
        $twig = new \Twig\Environment(new \Twig\Loader\ArrayLoader($case['templates']), ['strict_variables' => $case['strict']]);
        $twig->addExtension(new \Twig\Extension\StringLoaderExtension());
        $answer = ['output' => $twig->render($case['main'], $case['context'])];
    } catch (\Twig\Error\Error $error) {
        $answer = ['error' => get_class($error), 'line' => $error->getTemplateLine(), 'message' => $error->getMessage()];
    } catch (\Throwable $error) {
        $answer = ['error' => 'Twig\\Error\\RuntimeError', 'line' => -1, 'message' => $error->getMessage()];
    }
    echo json_encode($answer, JSON_INVALID_UTF8_SUBSTITUTE | JSON_PARTIAL_OUTPUT_ON_ERROR), "\n";
    flush();
}
