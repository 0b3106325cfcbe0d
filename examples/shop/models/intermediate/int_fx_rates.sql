with rates as (

    select
        currency,
        valid_from,
        coalesce(
            lead(valid_from) over (partition by currency order by valid_from),
            date '9999-12-31'
        ) as valid_to,
        rate_to_eur
    from {{ ref('fx_rates') }}

),

euro as (

    select
        'EUR' as currency,
        date '1999-01-01' as valid_from,
        date '9999-12-31' as valid_to,
        1 as rate_to_eur

)

select * from rates
union all
select * from euro
