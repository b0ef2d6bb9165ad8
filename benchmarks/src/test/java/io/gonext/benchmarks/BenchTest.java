package io.gonext.benchmarks;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.SequencedMap;
import org.junit.jupiter.api.Test;

class BenchTest {
  private static final String LIST =
      """
        add       adds its arguments
        failing   fails
        lacking   lacks a tool
        breaking  breaks a promise
      """;

  private final StringWriter out = new StringWriter();
  private final StringWriter err = new StringWriter();

  @Test
  void a_benchmark_prints_its_table_and_its_figures_as_the_last_line() {
    assertThat(run("add", "3", "4")).isZero();
    assertThat(out.toString()).isEqualTo("| sum |\n|   7 |\nsum=7 count=2\n");
    assertThat(err.toString()).isEmpty();
  }

  @Test
  void list_names_every_benchmark_with_its_description() {
    assertThat(run("list")).isZero();
    assertThat(out.toString()).isEqualTo(LIST);
  }

  @Test
  void an_unknown_or_missing_name_gets_one_sentence_and_the_list() {
    assertThat(run("nope")).isEqualTo(2);
    assertThat(run()).isEqualTo(2);
    assertThat(err.toString())
        .isEqualTo(
            "bench: there is no benchmark 'nope'. Usage: ./bench list, or ./bench NAME [ARGS...]:\n"
                + LIST
                + "bench: which benchmark? Usage: ./bench list, or ./bench NAME [ARGS...]:\n"
                + LIST);
    assertThat(out.toString()).isEmpty();
  }

  @Test
  void wrong_arguments_are_reported_without_a_stack_trace() {
    assertThat(run("add", "x")).isEqualTo(2);
    assertThat(err.toString()).isEqualTo("bench: add: 'x' is not a number.\n");
  }

  @Test
  void a_missing_tool_is_reported_without_a_stack_trace() {
    assertThat(run("lacking")).isEqualTo(1);
    assertThat(err.toString()).isEqualTo("bench: lacking: there is no such tool.\n");
  }

  @Test
  void a_broken_promise_is_reported_in_a_sentence_and_without_figures() {
    assertThat(run("breaking")).isEqualTo(1);
    assertThat(err.toString()).isEqualTo("bench: breaking: 3 calls failed\n");
    assertThat(out.toString()).isEmpty();
  }

  @Test
  void an_exception_is_reported_with_its_stack_trace_and_without_figures() {
    assertThat(run("failing")).isEqualTo(1);
    assertThat(err.toString()).startsWith("java.io.IOException: no disk\n\tat ");
    assertThat(out.toString()).isEmpty();
  }

  private int run(String... args) {
    var bench =
        new Bench(
            List.of(new Add(), new Failing(), new Lacking(), new Breaking()),
            new PrintWriter(out, true),
            new PrintWriter(err, true));
    return bench.run(List.of(args));
  }

  private record Add() implements Benchmark {
    @Override
    public String name() {
      return "add";
    }

    @Override
    public String description() {
      return "adds its arguments";
    }

    @Override
    public SequencedMap<String, String> run(List<String> args, PrintWriter out)
        throws UsageException {
      int sum = 0;
      for (String arg : args) {
        if (!arg.matches("\\d+")) {
          throw new UsageException("'" + arg + "' is not a number.");
        }
        sum += Integer.parseInt(arg);
      }
      out.println("| sum |");
      out.printf("| %3d |%n", sum);
      var figures = new LinkedHashMap<String, String>();
      figures.put("sum", Integer.toString(sum));
      figures.put("count", Integer.toString(args.size()));
      return figures;
    }
  }

  private record Failing() implements Benchmark {
    @Override
    public String name() {
      return "failing";
    }

    @Override
    public String description() {
      return "fails";
    }

    @Override
    public SequencedMap<String, String> run(List<String> args, PrintWriter out) throws IOException {
      throw new IOException("no disk");
    }
  }

  private record Lacking() implements Benchmark {
    @Override
    public String name() {
      return "lacking";
    }

    @Override
    public String description() {
      return "lacks a tool";
    }

    @Override
    public SequencedMap<String, String> run(List<String> args, PrintWriter out)
        throws UnavailableException {
      throw new UnavailableException("there is no such tool.");
    }
  }

  private record Breaking() implements Benchmark {
    @Override
    public String name() {
      return "breaking";
    }

    @Override
    public String description() {
      return "breaks a promise";
    }

    @Override
    public SequencedMap<String, String> run(List<String> args, PrintWriter out)
        throws BrokenPromiseException {
      throw new BrokenPromiseException("3 calls failed");
    }
  }
}
