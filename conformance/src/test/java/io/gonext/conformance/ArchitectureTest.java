package io.gonext.conformance;

import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.type;
import static com.tngtech.archunit.core.domain.properties.HasName.Predicates.name;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import io.gonext.engine.PlainText;
import io.gonext.host.internal.route.RouteHeaders;
import io.gonext.host.internal.store.SecretFile;
import io.gonext.pool.InstanceInfo;
import io.gonext.pool.PoolSnapshot;
import io.gonext.pool.PoolStats;
import io.gonext.pool.RecycleReason;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * The arrows of DESIGN.md: {pool, engine} <- host <- {dashboard, servlet} <- server <- cli, with
 * testkit between host and cli, and spring above dashboard, servlet and testkit; never back.
 */
@Execution(ExecutionMode.CONCURRENT)
class ArchitectureTest {
  private static final JavaClasses CLASSES =
      new ClassFileImporter()
          .withImportOption(new ImportOption.DoNotIncludeTests())
          .importPackages("io.gonext");

  @ParameterizedTest
  @CsvSource({
    "pool,15",
    "engine,25",
    "host,25",
    "testkit,15",
    "dashboard,25",
    "servlet,5",
    "spring,20",
    "server,5",
    "cli,5"
  })
  void every_module_is_seen(String module, int atLeast) {
    // Without this floor a rule below could hold because there is nothing it looks at.
    assertThat(
            CLASSES.stream()
                .filter(type -> type.getPackageName().startsWith("io.gonext." + module))
                .count())
        .isGreaterThanOrEqualTo(atLeast);
  }

  @ParameterizedTest
  @CsvSource({
    "pool, 'engine,host,testkit,dashboard,servlet,spring,server,cli'",
    "engine, 'pool,host,testkit,dashboard,servlet,spring,server,cli'",
    "host, 'testkit,dashboard,servlet,spring,server,cli'",
    "testkit, 'pool,dashboard,servlet,spring,server,cli'",
    "dashboard, 'testkit,servlet,spring,server,cli'",
    "servlet, 'pool,testkit,dashboard,spring,server,cli'",
    "spring, 'engine,server,cli'",
    "server, 'testkit,spring,cli'",
    "cli, 'spring'",
  })
  void a_module_never_looks_up_the_arrow(String module, String above) {
    for (String other : above.split(",", -1)) {
      noClasses()
          .that(resideInAPackage("io.gonext." + module + ".."))
          .should()
          .dependOnClassesThat(resideInAPackage("io.gonext." + other + ".."))
          .check(CLASSES);
    }
  }

  @Test
  void server_and_dashboard_reach_plugins_through_the_host_alone() {
    noClasses()
        .that(
            resideInAnyPackage(
                "io.gonext.server..", "io.gonext.dashboard..", "io.gonext.servlet.."))
        .should()
        .dependOnClassesThat(
            resideInAnyPackage("io.gonext.engine..", "io.gonext.pool..")
                // How text of strangers is shown is decided there, for all modules.
                .and(DescribedPredicate.not(type(PlainText.class)))
                // What Host.health() and Host.activity() answer.
                .and(DescribedPredicate.not(type(PoolStats.class)))
                .and(DescribedPredicate.not(type(PoolSnapshot.class)))
                .and(DescribedPredicate.not(type(InstanceInfo.class)))
                .and(DescribedPredicate.not(type(InstanceInfo.State.class)))
                .and(DescribedPredicate.not(type(RecycleReason.class))))
        .check(CLASSES);
  }

  /** Who uses the test kit without JUnit, or with other assertions, need not have them. */
  @Test
  void the_test_kit_uses_junit_in_one_package_and_assertj_nowhere() {
    noClasses()
        .that(resideInAPackage("io.gonext.testkit.."))
        .and()
        .resideOutsideOfPackage("io.gonext.testkit.junit")
        .should()
        .dependOnClassesThat(resideInAPackage("org.junit.."))
        .check(CLASSES);
    noClasses()
        .that(resideInAPackage("io.gonext.testkit.."))
        .should()
        .dependOnClassesThat(resideInAPackage("org.assertj.."))
        .check(CLASSES);
  }

  @Test
  void no_product_class_uses_another_webassembly_engine() {
    noClasses().should().dependOnClassesThat(resideInAPackage("run.endive..")).check(CLASSES);
  }

  /** They are public because the compiled code of guests has a package of its own. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "AccessTemplate",
        "ByteArrays",
        "GuestAccess",
        "GuestCode",
        "GuestNumbers",
        "GuestGlobal",
        "FunctionReference"
      })
  void what_compiled_code_uses_is_not_for_hosts(String simpleName) {
    assertThat(CLASSES.get("io.gonext.engine." + simpleName)).isNotNull();
    noClasses()
        .that(
            resideInAnyPackage("io.gonext..")
                .and(DescribedPredicate.not(resideInAPackage("io.gonext.engine.."))))
        .should()
        .dependOnClassesThat(name("io.gonext.engine." + simpleName))
        .check(CLASSES);
  }

  @Test
  void the_packages_below_the_engine_are_used_by_the_engine_alone() {
    assertThat(CLASSES.stream().filter(resideInAPackage("io.gonext.engine.*..")))
        .hasSizeGreaterThanOrEqualTo(15);
    noClasses()
        .that()
        .resideOutsideOfPackage("io.gonext.engine..")
        .should()
        .dependOnClassesThat(resideInAPackage("io.gonext.engine.*.."))
        .check(CLASSES);
  }

  @Test
  void the_packages_below_the_engine_depend_on_nothing_else_of_it() {
    for (String internal : List.of("names", "dwarf", "bytecode")) {
      String own = "io.gonext.engine." + internal;
      noClasses()
          .that(resideInAPackage(own))
          .should()
          .dependOnClassesThat(
              resideInAPackage("io.gonext.engine..")
                  .and(DescribedPredicate.not(resideInAPackage(own))))
          .check(CLASSES);
    }
  }

  @Test
  void the_pool_knows_nothing_of_webassembly_http_or_json() {
    noClasses()
        .that(resideInAPackage("io.gonext.pool.."))
        .should()
        .dependOnClassesThat(
            resideInAnyPackage("run.endive..", "io.javalin..", "tools.jackson..", "java.net.."))
        .check(CLASSES);
  }

  @Test
  void only_the_command_line_writes_to_the_console_or_ends_the_jvm() {
    noClasses()
        .that()
        .resideOutsideOfPackages("io.gonext.cli..", "io.gonext.benchmarks..", "io.gonext.guests..")
        .and()
        // The command for build tools that have no plugin.
        .doNotHaveFullyQualifiedName("io.gonext.engine.Precompiled")
        .should()
        .accessField(System.class, "out")
        .orShould()
        .accessField(System.class, "err")
        .orShould()
        .callMethod(System.class, "exit", int.class)
        .check(CLASSES);
  }

  @Test
  void the_packages_of_the_host_have_no_cycle() {
    slices().matching("io.gonext.host.internal.(*)..").should().beFreeOfCycles().check(CLASSES);
    slices().matching("io.gonext.host.(*)..").should().beFreeOfCycles().check(CLASSES);
  }

  @Test
  void only_the_host_uses_its_internal_packages() {
    noClasses()
        .that()
        .resideOutsideOfPackages("io.gonext.host..", "io.gonext.benchmarks..")
        .should()
        .dependOnClassesThat(
            resideInAPackage("io.gonext.host.internal..")
                // Which headers pass between a client and a plugin, and how a secret is kept in a
                // file, is the same for the server's own purposes.
                .and(DescribedPredicate.not(type(RouteHeaders.class)))
                .and(DescribedPredicate.not(type(SecretFile.class))))
        .check(CLASSES);
  }

  @Test
  void public_types_of_the_host_mention_no_internal_type() {
    classes()
        .that(resideInAPackage("io.gonext.host.."))
        .and(DescribedPredicate.not(resideInAPackage("io.gonext.host.internal..")))
        .and()
        .arePublic()
        .should(PublicApi.notExpose("io.gonext.host.internal"))
        .check(CLASSES);
  }

  @Test
  void no_class_hides_behind_a_name_that_says_nothing() {
    noClasses().should().haveNameMatching(".*(Manager|Helper|Utils?|Impl)").check(CLASSES);
  }
}
