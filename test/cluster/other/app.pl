# A small shop: several workers on one listener, counters that every worker adds to. Nothing of it is like the service in this repository.
use strict;
use warnings;
use IO::Socket::INET;
use Time::HiRes qw(time sleep);

my $port = $ENV{SHOP_PORT} or die "SHOP_PORT must be set\n";
my %settings;
open(my $conf, '<', '/etc/shop/shop.conf') or die "cannot read /etc/shop/shop.conf: $!\n";
while (<$conf>) { $settings{$1} = $2 if /^(\w+)=(\d+)$/ }
my $work = $settings{work} // 4000;
my $delay = ($ENV{SHOP_DELAY_MS} // 0) / 1000;
my @bounds = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5);

my $listener = IO::Socket::INET->new(LocalPort => $port, Listen => 64, ReuseAddr => 1) or die "cannot listen on $port: $!\n";
my %workers;
my $stopping = 0;
$SIG{TERM} = sub { $stopping = 1; kill 'TERM', keys %workers };
for (1 .. 6) { $workers{ start() } = 1 }
print STDERR "shop listens on $port with 6 workers\n";
while (%workers) {
  my $gone = wait;
  last if $gone < 0 && $stopping;
  delete $workers{$gone};
  $workers{ start() } = 1 unless $stopping;
}

sub start {
  my $pid = fork // die "fork: $!";
  return $pid if $pid;
  $SIG{TERM} = sub { exit 0 };
  my %counts;
  while (my $client = $listener->accept) {
    my $began = time;
    my $line = <$client> // '';
    while (my $header = <$client>) { last if $header =~ /^\r?$/ }
    my ($path) = $line =~ m{^\w+ (/\S*)};
    $path = defined $path ? $path =~ s/\?.*//r : '/';
    my ($code, $type, $body) = answer($path);
    print $client "HTTP/1.1 $code X\r\nContent-Type: $type\r\nContent-Length: " . length($body) . "\r\nConnection: close\r\n\r\n$body";
    close $client;
    my $took = time - $began;
    my $handler = $code == 404 ? 'other' : $path;
    $counts{"shop_requests_total{handler=\"$handler\",code=\"$code\"}"}++;
    $counts{"shop_request_seconds_bucket{handler=\"$handler\",le=\"$_\"}"} += ($took <= $_ ? 1 : 0) for @bounds;
    $counts{"shop_request_seconds_bucket{handler=\"$handler\",le=\"+Inf\"}"}++;
    $counts{"shop_request_seconds_sum{handler=\"$handler\"}"} += $took;
    $counts{"shop_request_seconds_count{handler=\"$handler\"}"}++;
    next if $path eq '/internal/stats';
    open(my $file, '>', "/tmp/counts.$$.new") or next;
    print $file "$_ $counts{$_}\n" for keys %counts;
    close $file;
    rename "/tmp/counts.$$.new", "/tmp/counts.$$";
  }
  exit 0;
}

sub answer {
  my ($path) = @_;
  return (200, 'text/plain', "ok\n") if $path eq '/-/alive' || $path eq '/-/serving';
  return (200, 'text/plain; version=0.0.4', stats()) if $path eq '/internal/stats';
  return (404, 'text/plain', "no such page\n") unless $path eq '/cart' || $path eq '/order';
  my $sum = 0;
  $sum += $_ * $_ % 7 for 1 .. $work;
  sleep $delay if $delay;
  return (200, 'application/json', "{\"items\":[],\"check\":$sum}\n");
}

sub stats {
  my %all;
  for my $name (glob '/tmp/counts.*') {
    next if $name =~ /new$/;
    open(my $file, '<', $name) or next;
    while (<$file>) { $all{$1} += $2 if /^(\S+) (\S+)$/ }
  }
  my %types = (shop_requests_total => 'counter', shop_request_seconds => 'histogram');
  my $text = '';
  for my $family (sort keys %types) {
    $text .= "# TYPE $family $types{$family}\n";
    $text .= "$_ $all{$_}\n" for sort grep { /^\Q$family\E(_bucket|_sum|_count)?\{/ } keys %all;
  }
  return $text;
}
