package forebay.compat;

import static forebay.compat.JavaClient.equal;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.Collections;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.fluss.client.Connection;
import org.apache.fluss.client.ConnectionFactory;
import org.apache.fluss.client.admin.Admin;
import org.apache.fluss.config.Configuration;
import org.apache.fluss.metadata.TablePath;
import org.apache.fluss.security.acl.AccessControlEntry;
import org.apache.fluss.security.acl.AccessControlEntryFilter;
import org.apache.fluss.security.acl.AclBinding;
import org.apache.fluss.security.acl.AclBindingFilter;
import org.apache.fluss.security.acl.FlussPrincipal;
import org.apache.fluss.security.acl.OperationType;
import org.apache.fluss.security.acl.PermissionType;
import org.apache.fluss.security.acl.Resource;
import org.apache.fluss.security.acl.ResourceFilter;
import org.apache.fluss.security.acl.ResourceType;

/**
 * Who may do what: rights are made, listed and dropped through the released Java client. Arguments:
 * the bootstrap server of a cluster with an authorizer, the name and password of a super user, and
 * those of a user without rights. The cluster has nobody else's rights.
 */
public final class AccessRights {
  static final String DENIED = "AuthorizationException";
  static final String WORKS = "works";
  /** What may be given; ALL is all of these. */
  private static final List<OperationType> OPERATIONS =
      Arrays.asList(
          OperationType.READ,
          OperationType.WRITE,
          OperationType.CREATE,
          OperationType.DROP,
          OperationType.ALTER,
          OperationType.DESCRIBE);
  /** A real cluster's tablet servers learn of a change from its coordinator. */
  private static final long LEARNED_MILLIS_MAX = 10_000;

  final Connection rootConnection;
  final Connection guestConnection;
  final Admin root;
  final Admin guest;
  final FlussPrincipal guestName;
  private int passed;

  private AccessRights(Connection rootConnection, Connection guestConnection, String guestName) {
    this.rootConnection = rootConnection;
    this.guestConnection = guestConnection;
    this.root = rootConnection.getAdmin();
    this.guest = guestConnection.getAdmin();
    this.guestName = new FlussPrincipal(guestName, "User");
  }

  public static void main(String[] arguments) throws Exception {
    boolean ok;
    try (Connection root = connect(arguments[0], arguments[1], arguments[2]);
        Connection guest = connect(arguments[0], arguments[3], arguments[4])) {
      AccessRights rights = new AccessRights(root, guest, arguments[3]);
      ok = rights.runAll();
      System.out.println(rights.passed + " passed");
    }
    System.exit(ok ? 0 : 1);
  }

  private static Connection connect(String bootstrap, String user, String password) {
    Configuration configuration = JavaClient.configuration(bootstrap);
    Login.configure(configuration, user, password);
    return ConnectionFactory.createConnection(configuration);
  }

  private boolean runAll() throws Exception {
    drop(AclBindingFilter.ANY);
    Map<String, JavaClient.Case> cases = new LinkedHashMap<>();
    try (Deeds deeds = new Deeds(this)) {
      for (Deeds.Deed deed : deeds.all()) {
        cases.put(deed.name, () -> needsItsRight(deed));
      }
      cases.put("levels", () -> levels(deeds));
      cases.put("principals and hosts", () -> principals(deeds));
      cases.put("the right to all", () -> all(deeds));
      cases.put("lists", this::lists);
      cases.put("what is there", this::exists);
      cases.put("list rights", this::listRights);
      cases.put("drop rights", this::dropRights);
      cases.put("give rights", this::giveRights);
      cases.put("rights that allow nothing", () -> nothing(deeds));
      boolean ok = true;
      for (Map.Entry<String, JavaClient.Case> each : cases.entrySet()) {
        ok &= runCase(each.getKey(), each.getValue());
      }
      return ok;
    }
  }

  private boolean runCase(String name, JavaClient.Case test) throws Exception {
    String leftOut = System.getenv("COMPAT_LEFT_OUT");
    if (leftOut != null && Arrays.asList(leftOut.split(",")).contains(name)) {
      return true;
    }
    long begin = System.currentTimeMillis();
    try {
      test.run();
      passed++;
      System.out.printf("ok      rights: %s (%d ms)%n", name, System.currentTimeMillis() - begin);
      return true;
    } catch (Throwable error) {
      System.out.printf("FAILED  rights: %s: %s%n", name, error);
      error.printStackTrace(System.out);
      return false;
    } finally {
      drop(AclBindingFilter.ANY);
    }
  }

  /** Nothing else will do, and nothing else is needed; a right that is taken away is gone. */
  private void needsItsRight(Deeds.Deed deed) throws Exception {
    outcome(DENIED, deed, "without rights");
    if (deed.needs == OperationType.DESCRIBE) {
      for (OperationType operation : OPERATIONS) {
        AclBinding right = give(operation, deed.resource);
        outcome(WORKS, deed, "with " + operation + ", which tells what there is");
        drop(right);
        outcome(DENIED, deed, "after " + operation + " was dropped");
      }
      return;
    }
    List<AclBinding> all = new ArrayList<>();
    for (OperationType operation : OPERATIONS) {
      all.add(right(guestName, "*", operation, deed.resource));
    }
    root.createAcls(all).all().get();
    outcome(WORKS, deed, "with all rights");
    drop(right(guestName, "*", deed.needs, deed.resource));
    outcome(DENIED, deed, "with all rights but " + deed.needs);
    drop(AclBindingFilter.ANY);
    give(deed.needs, deed.resource);
    outcome(WORKS, deed, "with " + deed.needs + " alone");
  }

  /** A right on a database holds for its tables, one on the cluster for all. */
  private void levels(Deeds deeds) throws Exception {
    for (Deeds.Deed deed : Arrays.asList(deeds.append, deeds.scan, deeds.describe)) {
      for (Resource above :
          Arrays.asList(
              Resource.database(Deeds.DATABASE),
              Resource.cluster(),
              new Resource(ResourceType.TABLE, "*"))) {
        outcome(DENIED, deed, "without rights");
        AclBinding right = give(deed.needs, above);
        outcome(WORKS, deed, "with a right on " + above);
        drop(right);
        outcome(DENIED, deed, "after it was dropped");
      }
      AclBinding here = give(deed.needs, deed.resource);
      for (Resource elsewhere :
          Arrays.asList(
              Resource.table(Deeds.DATABASE, "other"),
              Resource.table("other", Deeds.LOG.getTableName()),
              Resource.database("other"),
              Resource.database("*"),
              new Resource(ResourceType.CLUSTER, "other"),
              new Resource(ResourceType.TABLE, Deeds.DATABASE + ".*"))) {
        give(deed.needs, elsewhere);
      }
      outcome(WORKS, deed, "here");
      drop(here);
      outcome(DENIED, deed, "with rights elsewhere");
      drop(AclBindingFilter.ANY);
    }
    give(OperationType.CREATE, new Resource(ResourceType.DATABASE, "*"));
    outcome(WORKS, deeds.createTable, "with a right on every database");
    outcome(DENIED, deeds.createDatabase, "with a right on every database");
  }

  private void principals(Deeds deeds) throws Exception {
    FlussPrincipal everybody = FlussPrincipal.WILD_CARD_PRINCIPAL;
    FlussPrincipal group = new FlussPrincipal(guestName.getName(), "Group");
    FlussPrincipal another = new FlussPrincipal("another", "User");
    for (Deeds.Deed deed : Arrays.asList(deeds.append, deeds.createTable)) {
      for (AclBinding good :
          Arrays.asList(
              right(everybody, "*", deed.needs, deed.resource),
              right(guestName, "127.0.0.1", deed.needs, deed.resource))) {
        root.createAcls(Arrays.asList(good)).all().get();
        outcome(WORKS, deed, "with " + good);
        for (AclBinding bad :
            Arrays.asList(
                right(group, "*", deed.needs, deed.resource),
                right(another, "*", deed.needs, deed.resource),
                right(new FlussPrincipal("*", "User"), "*", deed.needs, deed.resource),
                right(guestName, "10.9.8.7", deed.needs, deed.resource),
                right(everybody, "localhost", deed.needs, deed.resource))) {
          root.createAcls(Arrays.asList(bad)).all().get();
        }
        drop(good);
        outcome(DENIED, deed, "with rights of others");
        drop(AclBindingFilter.ANY);
      }
    }
  }

  private void all(Deeds deeds) throws Exception {
    give(OperationType.ALL, Resource.database(Deeds.DATABASE));
    for (Deeds.Deed deed : Arrays.asList(deeds.append, deeds.scan, deeds.createTable)) {
      outcome(WORKS, deed, "with all of a database");
    }
    outcome(DENIED, deeds.createDatabase, "with all of a database");
    give(OperationType.ALL, Resource.cluster());
    outcome(WORKS, deeds.createDatabase, "with all of the cluster");
  }

  /** What one may not know of is not listed; it is no error. */
  private void lists() throws Exception {
    soon(Collections.emptyList(), () -> guest.listDatabases().get(), "databases");
    soon(Collections.emptyList(), () -> guest.listTables(Deeds.DATABASE).get(), "tables");
    give(OperationType.READ, Resource.table(Deeds.LOG));
    soon(Arrays.asList("log"), () -> guest.listTables(Deeds.DATABASE).get(), "tables");
    equal(Collections.emptyList(), guest.listDatabases().get(), "with a right on a table");
    AclBinding database = give(OperationType.DESCRIBE, Resource.database(Deeds.DATABASE));
    soon(Arrays.asList(Deeds.DATABASE), () -> guest.listDatabases().get(), "databases");
    List<String> tables = Arrays.asList("log", "rows", "days", "shops", "altered");
    soon(true, () -> guest.listTables(Deeds.DATABASE).get().containsAll(tables), "all tables");
    drop(database);
    soon(Collections.emptyList(), () -> guest.listDatabases().get(), "databases");
    soon(Arrays.asList("log"), () -> guest.listTables(Deeds.DATABASE).get(), "tables again");
    give(OperationType.WRITE, Resource.cluster());
    soon(
        true,
        () -> guest.listDatabases().get().containsAll(Arrays.asList("fluss", Deeds.DATABASE)),
        "all databases");
  }

  private void exists() throws Exception {
    soon(false, () -> guest.databaseExists(Deeds.DATABASE).get(), "database");
    soon(false, () -> guest.tableExists(Deeds.LOG).get(), "table");
    equal(true, guest.databaseExists("fluss").get(), "where every catalog begins");
    give(OperationType.DESCRIBE, Resource.table(Deeds.LOG));
    soon(true, () -> guest.tableExists(Deeds.LOG).get(), "table");
    equal(false, guest.databaseExists(Deeds.DATABASE).get(), "its database");
    give(OperationType.DESCRIBE, Resource.database(Deeds.DATABASE));
    soon(true, () -> guest.databaseExists(Deeds.DATABASE).get(), "database");
    equal(false, guest.tableExists(TablePath.of(Deeds.DATABASE, "none")).get(), "no table");
  }

  private void listRights() throws Exception {
    FlussPrincipal another = new FlussPrincipal("another", "User");
    AclBinding cluster = right(another, "*", OperationType.CREATE, Resource.cluster());
    AclBinding database =
        right(another, "10.9.8.7", OperationType.ALL, Resource.database(Deeds.DATABASE));
    AclBinding table = right(guestName, "*", OperationType.READ, Resource.table(Deeds.LOG));
    AclBinding everyTable =
        right(another, "*", OperationType.READ, new Resource(ResourceType.TABLE, "*"));
    Set<AclBinding> all = new HashSet<>(Arrays.asList(cluster, database, table, everyTable));
    root.createAcls(all).all().get();
    root.createAcls(Arrays.asList(table)).all().get();
    listed(all, ResourceFilter.ANY, AccessControlEntryFilter.ANY);
    listed(set(table, everyTable), new ResourceFilter(ResourceType.TABLE, null), anyEntry());
    listed(set(table), new ResourceFilter(ResourceType.TABLE, Deeds.LOG.toString()), anyEntry());
    listed(set(), new ResourceFilter(ResourceType.DATABASE, "none"), anyEntry());
    // Without a type a name says nothing.
    listed(all, new ResourceFilter(ResourceType.ANY, "none"), anyEntry());
    listed(set(table), ResourceFilter.ANY, entries(guestName, null, OperationType.ANY));
    listed(set(database), ResourceFilter.ANY, entries(null, "10.9.8.7", OperationType.ANY));
    listed(set(table, everyTable), ResourceFilter.ANY, entries(null, null, OperationType.READ));
    listed(set(database), ResourceFilter.ANY, entries(another, null, OperationType.ALL));
    soon(set(table), () -> new HashSet<>(guest.listAcls(AclBindingFilter.ANY).get()), "own");
    give(OperationType.DESCRIBE, Resource.database(Deeds.DATABASE));
    soon(3, () -> guest.listAcls(AclBindingFilter.ANY).get().size(), "of a database");
  }

  private void listed(
      Set<AclBinding> expected, ResourceFilter resources, AccessControlEntryFilter entries)
      throws Exception {
    AclBindingFilter filter = new AclBindingFilter(resources, entries);
    soon(expected, () -> new HashSet<>(root.listAcls(filter).get()), filter.toString());
  }

  private void dropRights() throws Exception {
    AclBinding read = give(OperationType.READ, Resource.table(Deeds.LOG));
    AclBinding write = give(OperationType.WRITE, Resource.table(Deeds.LOG));
    AclBinding create = give(OperationType.CREATE, Resource.database(Deeds.DATABASE));
    AclBindingFilter reads =
        new AclBindingFilter(ResourceFilter.ANY, entries(null, null, OperationType.READ));
    AclBindingFilter alters =
        new AclBindingFilter(ResourceFilter.ANY, entries(null, null, OperationType.ALTER));
    AclBindingFilter ofTables =
        new AclBindingFilter(new ResourceFilter(ResourceType.TABLE, null), anyEntry());
    for (AclBindingFilter filter : Arrays.asList(reads, alters, AclBindingFilter.ANY)) {
      equal(DENIED, outcomeOf(() -> dropAs(guest, filter)), "by who has no right to all");
    }
    equal(set(), dropAs(root, alters), "nothing is meant");
    equal(set(read), dropAs(root, reads), "dropped");
    equal(set(write, create), new HashSet<>(root.listAcls(AclBindingFilter.ANY).get()), "left");
    equal(set(write, create), dropAs(root, ofTables, AclBindingFilter.ANY), "both");
    equal(set(), dropAs(root, AclBindingFilter.ANY), "nothing is there");
    equal(set(), dropAs(guest, AclBindingFilter.ANY), "nor for anybody");
  }

  /** Who has all of a database gives and takes rights on it and its tables, and no others. */
  private void giveRights() throws Exception {
    FlussPrincipal another = new FlussPrincipal("another", "User");
    AclBinding ofTable = right(another, "*", OperationType.READ, Resource.table(Deeds.LOG));
    AclBinding ofDatabase =
        right(another, "*", OperationType.DROP, Resource.database(Deeds.DATABASE));
    AclBinding ofCluster = right(another, "*", OperationType.CREATE, Resource.cluster());
    give(OperationType.ALL, Resource.table(Deeds.LOG));
    equal(DENIED, outcomeOf(() -> createAs(guest, ofTable)), "a table's with all of the table");
    AclBinding own = give(OperationType.ALL, Resource.database(Deeds.DATABASE));
    equal(WORKS, outcomeOf(() -> createAs(guest, ofTable, ofDatabase)), "a database's");
    equal(DENIED, outcomeOf(() -> createAs(guest, ofCluster)), "the cluster's");
    equal(DENIED, outcomeOf(() -> createAs(guest, ofTable, ofCluster)), "one of two");
    equal(set(ofTable), dropAs(guest, filterOf(ofTable)), "taken back");
    createAs(root, ofCluster);
    equal(DENIED, outcomeOf(() -> dropAs(guest, filterOf(ofCluster))), "taking the cluster's");
    equal(DENIED, outcomeOf(() -> dropAs(guest, AclBindingFilter.ANY)), "taking all");
    drop(own);
    equal(DENIED, outcomeOf(() -> createAs(guest, ofDatabase)), "without all of the database");
    give(OperationType.ALL, Resource.cluster());
    equal(WORKS, outcomeOf(() -> createAs(guest, ofCluster, ofTable)), "with all of the cluster");
  }

  /** Rights that say ANY are kept and listed, and allow nothing. */
  private void nothing(Deeds deeds) throws Exception {
    AclBinding anyOperation = right(guestName, "*", OperationType.ANY, deeds.append.resource);
    AclBinding anyResource = right(guestName, "*", OperationType.WRITE, Resource.any());
    AclBinding anyPermission =
        new AclBinding(
            deeds.append.resource,
            new AccessControlEntry(guestName, "*", OperationType.WRITE, PermissionType.ANY));
    AclBinding good = give(OperationType.WRITE, deeds.append.resource);
    createAs(root, anyOperation, anyResource, anyPermission);
    outcome(WORKS, deeds.append, "with a right");
    drop(good);
    outcome(DENIED, deeds.append, "with what allows nothing");
    outcome(DENIED, deeds.describe, "with what allows nothing");
    equal(
        set(anyOperation, anyResource, anyPermission),
        new HashSet<>(root.listAcls(AclBindingFilter.ANY).get()),
        "listed");
    AccessControlEntryFilter allowing =
        new AccessControlEntryFilter(null, null, OperationType.ANY, PermissionType.ALLOW);
    listed(set(anyOperation, anyResource), ResourceFilter.ANY, allowing);
  }

  static AclBinding right(
      FlussPrincipal who, String host, OperationType operation, Resource resource) {
    return new AclBinding(
        resource, new AccessControlEntry(who, host, operation, PermissionType.ALLOW));
  }

  /** To the guest, from everywhere. */
  private AclBinding give(OperationType operation, Resource resource) throws Exception {
    AclBinding right = right(guestName, "*", operation, resource);
    createAs(root, right);
    return right;
  }

  private static void createAs(Admin admin, AclBinding... rights) throws Exception {
    admin.createAcls(Arrays.asList(rights)).all().get();
  }

  private static Set<AclBinding> dropAs(Admin admin, AclBindingFilter... filters)
      throws Exception {
    Collection<AclBinding> dropped = admin.dropAcls(Arrays.asList(filters)).all().get();
    equal(new HashSet<>(dropped).size(), dropped.size(), "dropped once");
    return new HashSet<>(dropped);
  }

  private void drop(AclBindingFilter filter) throws Exception {
    dropAs(root, filter);
  }

  private void drop(AclBinding right) throws Exception {
    equal(set(right), dropAs(root, filterOf(right)), "dropped");
  }

  private static AclBindingFilter filterOf(AclBinding right) {
    AccessControlEntry entry = right.getAccessControlEntry();
    return new AclBindingFilter(
        new ResourceFilter(right.getResource().getType(), right.getResource().getName()),
        new AccessControlEntryFilter(
            entry.getPrincipal(),
            entry.getHost(),
            entry.getOperationType(),
            entry.getPermissionType()));
  }

  private static AccessControlEntryFilter entries(
      FlussPrincipal who, String host, OperationType operation) {
    return new AccessControlEntryFilter(who, host, operation, PermissionType.ANY);
  }

  private static AccessControlEntryFilter anyEntry() {
    return AccessControlEntryFilter.ANY;
  }

  private static Set<AclBinding> set(AclBinding... rights) {
    return new HashSet<>(Arrays.asList(rights));
  }

  /** "works", or the name of the error that the server gave. */
  static String outcomeOf(JavaClient.Case attempt) {
    try {
      attempt.run();
      return WORKS;
    } catch (Throwable error) {
      Throwable cause = error;
      while (cause.getCause() != null) {
        cause = cause.getCause();
      }
      return cause instanceof AssertionError ? cause.toString() : cause.getClass().getSimpleName();
    }
  }

  /** The guest does it, and this comes of it, at once or soon. */
  private void outcome(String expected, Deeds.Deed deed, String when) throws Exception {
    soon(
        expected,
        () -> {
          deed.prepare.run();
          return outcomeOf(deed.attempt);
        },
        deed.name + " " + when);
  }

  private interface Value {
    Object get() throws Exception;
  }

  private static void soon(Object expected, Value value, String what) throws Exception {
    long deadline = System.currentTimeMillis() + LEARNED_MILLIS_MAX;
    Object got = value.get();
    while (!expected.equals(got) && System.currentTimeMillis() < deadline) {
      Thread.sleep(20);
      got = value.get();
    }
    equal(expected, got, what);
  }
}
